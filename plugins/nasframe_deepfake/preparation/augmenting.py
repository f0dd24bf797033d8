"""Stage `augment`: copies of the training clips, each under another augmentation."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import torch
from attrs import frozen
from numpy.typing import NDArray

from nasframe.jobs import in_order
from nasframe.runtime import Progress, counted, generator, one_thread
from nasframe_audiovisual import (
    CLIP_PATIENCE,
    ClipError,
    ClipFiles,
    FaceDetector,
    FaceSettings,
    RowWriter,
    Window,
    keep_freed_memory,
    log_mel,
    open_streams,
    read_index,
    require_space,
    streams_size,
    write_index,
)
from nasframe_deepfake.preparation.clip_index import PreparedClip

__all__ = ["AUGMENTED_SPLITS", "Augmenting", "CopyOfClip", "augment", "read_copies"]

AUGMENTED_SPLITS = ("weights", "architecture")
"""The splits on which something is trained. A clip of no other split has a copy."""

OWN = -1
"""In place of a row: the copy has this stream from its clip."""

UNCHANGED = "none"
"""In place of the name of an augmentation: the copy is the clip itself, which could not be read again."""

INDEX = "copies.csv"

Streams = tuple[NDArray[Any] | None, NDArray[Any] | None]
"""Pictures and spectrogram of a copy; None for what is that of its clip."""


@frozen
class Augmenting:
    """The options of the stage.

    Attributes:
        names: of the augmentations to draw from.
        copies: of each training clip, each under another augmentation.
        seed: of the choice, and of all that the augmentations draw.
    """

    names: tuple[str, ...]
    copies: int
    seed: int


@frozen
class CopyOfClip:
    """A copy of a clip. The names of the fields are the columns of the index.

    Attributes:
        path: of the clip, as in the index of the preparation.
        augmentation: its name, or UNCHANGED.
        picture, sound: rows of its streams in the arrays beside the index; -1 for those of the clip.
    """

    path: str
    augmentation: str
    picture: int
    sound: int


def augment(
    root: Path,
    clips: Sequence[PreparedClip],
    out: Path,
    augmenting: Augmenting,
    window: Window,
    faces: FaceSettings,
    mels: int,
    workers: int,
    progress: Progress,
    lying: Collection[str] = (),
) -> list[CopyOfClip]:
    """Write the copies of the clips in `AUGMENTED_SPLITS`: `pictures.npy`, `sounds.npy`, and their index.

    A stream that an augmentation does not change is not written again. A clip that can no longer be decoded,
    or at which processes die or hang, stands for its copies: a line tells it, and so does the index. The
    result does not depend on the number of workers, nor the copies of a clip on the other clips.

    Args:
        root: folder of the clips.
        clips: all that were prepared.
        out: an empty folder.
        augmenting: which copies are made.
        window, faces, mels: with which the clips were prepared.
        workers: processes; 0: one for each core, but none for a few clips.
        progress: to report to.
        lying: names of the clips whose pictures are stored on their side.

    Raises:
        DataError: the disk is too full, or the faces' model cannot be used.
    """
    training = [
        attrs.evolve(clip.files, lying=clip.path in lying) for clip in clips if clip.split in AUGMENTED_SPLITS
    ]
    count = augmenting.copies * len(training)
    require_space(out, streams_size(count, window, mels), f"{count} augmented copies of clips")
    work = functools.partial(_copies, root, augmenting, window, faces, mels)
    found: Iterable[list[Streams] | str] = in_order(
        work,
        training,
        workers,
        least=50,
        initializer=keep_freed_memory,
        lost=_lost,
        patience=CLIP_PATIENCE,
    )
    copies, lost = [], list[str]()
    with ExitStack() as stack:
        pictures = stack.enter_context(RowWriter(out / "pictures.npy", "uint8"))
        sounds = stack.enter_context(RowWriter(out / "sounds.npy", "float32"))
        for files, streams in zip(training, progress.track(found, "augment", len(training)), strict=True):
            names = _drawn(augmenting, files.name)
            if isinstance(streams, str):
                lost.append(streams)
                names, streams = [UNCHANGED] * augmenting.copies, [(None, None)] * augmenting.copies
            for name, (picture, sound) in zip(names, streams, strict=True):
                rows = (
                    OWN if picture is None else pictures.append(picture),
                    OWN if sound is None else sounds.append(sound),
                )
                copies.append(CopyOfClip(files.name, name, *rows))
    for writer, kind in ((pictures, "pictures"), (sounds, "sounds")):
        if not writer.rows:  # no augmentation changes this stream
            (out / f"{kind}.npy").unlink()
    write_index(out / INDEX, copies)
    if lost:
        clips_lost = counted(len(lost), "clip has", "clips have")
        progress.say(f"augment: {clips_lost} no copies but itself; the first: {lost[0]}")
    return copies


def read_copies(folder: Path, prepared: Path) -> dict[str, list[tuple[int | None, int | None]]]:
    """Return path of a clip → the rows of each copy's streams, counted behind those of the preparation.

    None stands for the stream of the clip.

    Args:
        folder: that `augment` wrote.
        prepared: folder of the preparation, whose rows the features have first.

    Raises:
        DataError: a file is missing or damaged.
    """
    pictures, sounds = (len(open_streams(prepared, kind)) for kind in ("pictures", "sounds"))
    found: dict[str, list[tuple[int | None, int | None]]] = {}
    for copy in read_index(folder / INDEX, CopyOfClip):
        rows = (
            None if copy.picture == OWN else pictures + copy.picture,
            None if copy.sound == OWN else sounds + copy.sound,
        )
        found.setdefault(copy.path, []).append(rows)
    return found


def _drawn(augmenting: Augmenting, path: str) -> list[str]:
    """Return the names of the augmentations of a clip's copies, all different."""
    random = generator(augmenting.seed, "augmentations of a clip", path)
    order = torch.randperm(len(augmenting.names), generator=random)
    return [augmenting.names[place] for place in order[: augmenting.copies].tolist()]


def _copies(
    root: Path, augmenting: Augmenting, window: Window, faces: FaceSettings, mels: int, files: ClipFiles
) -> list[Streams] | str:
    """Return the streams of each copy of a clip, in a worker process, or why it can no longer be decoded."""
    from nasframe_deepfake.augmentation import AUGMENTATIONS, read_original  # only where it is used

    try:
        path, *apart = files.paths(root)
        original = read_original(path, window, _detector(faces), next(iter(apart), None), files.lying)
    except ClipError as error:
        return str(error)
    plain, found = original.recording, []
    for name in _drawn(augmenting, files.name):
        copy = AUGMENTATIONS[name].of(original, files.name, augmenting.seed)
        sound = None
        if copy.samples is not plain.samples:
            with one_thread():
                sound = log_mel(torch.from_numpy(copy.samples), mels).numpy()
        found.append((None if copy.pictures is plain.pictures else copy.pictures, sound))
    return found


def _lost(files: ClipFiles, end: str) -> str:
    """Return the reason for a clip at which processes died or hung, each of which `end` describes."""
    return f"{files.name}: each process that decoded it {end}"


@functools.lru_cache(maxsize=1)
def _detector(faces: FaceSettings) -> FaceDetector:
    return faces.make()
