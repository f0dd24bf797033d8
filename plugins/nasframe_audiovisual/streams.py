"""The streams of a whole set: every clip decoded once, each distinct stream one row of an array."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch
from attrs import frozen

from nasframe.jobs import in_order
from nasframe.runtime import Progress
from nasframe_audiovisual.faces import FaceDetector, FaceSettings
from nasframe_audiovisual.freed_memory import keep_freed_memory
from nasframe_audiovisual.media import ClipError
from nasframe_audiovisual.spectrogram import COLUMNS, log_mel
from nasframe_audiovisual.storage import DISK_BLOCK, RowWriter, require_space
from nasframe_audiovisual.windows import Recording, Window, first_window

__all__ = ["DecodedClips", "streams_size", "write_streams"]

NO_FACES = FaceSettings("none")


@frozen
class DecodedClips:
    """The rows of every clip, and the clips without any. Both are in the order in which the clips were given.

    Attributes:
        rows: path of a clip → the rows of its pictures and of its sound; clips that share a stream share it.
        skipped: path of a clip that cannot be used → the reason, in words.
        pictures: number of distinct rows of pictures.
        sounds: number of distinct rows of sound.
    """

    rows: Mapping[str, tuple[int, int]]
    skipped: Mapping[str, str]
    pictures: int
    sounds: int


def write_streams(
    root: Path,
    clips: Sequence[str],
    out: Path,
    window: Window,
    mels: int,
    workers: int,
    progress: Progress,
    faces: FaceSettings = NO_FACES,
) -> DecodedClips:
    """Write the streams of the first window of each clip that can be judged; return which rows are whose.

    `pictures.npy` holds `(rows, frames, size, size, 3)`, uint8, and `sounds.npy` log-mel spectrograms
    `(rows, mels, COLUMNS)`, float32. A clip that cannot be used is skipped, and its reason returned.

    Args:
        root: folder of the clips.
        clips: path of each, relative to `root`; each once.
        out: a folder that is there.
        window: the length of the part of each clip that is used, and its pictures.
        mels: bands of the spectrogram.
        workers: processes that decode; 0: one for each core, but none for a few clips. The result does not
            depend on it.
        progress: to report to.
        faces: how the square of the pictures is found; by default it is in the middle.

    Raises:
        DataError: the disk is too full, or the faces' model cannot be used.
    """
    _detector.cache_clear()  # the file of a model may be another one than at an earlier call
    size = streams_size(len(clips), window, mels)
    require_space(out, size, f"the pictures and sounds of {len(clips)} clips")
    rows: dict[str, tuple[int, int]] = {}
    skipped: dict[str, str] = {}
    results: Iterable[Recording | str] = in_order(
        functools.partial(_recorded, root, window, faces),
        clips,
        workers,
        least=200,
        initializer=keep_freed_memory,
    )
    with (
        RowWriter(out / "pictures.npy", "uint8") as pictures,
        RowWriter(out / "sounds.npy", "float32") as sounds,
    ):
        seen: dict[bytes, int] = {}
        for clip, result in zip(clips, progress.track(results, "decode", len(clips)), strict=True):
            if isinstance(result, str):
                skipped[clip] = result
                continue
            picture, sound = (
                hashlib.sha256(stream.tobytes()).digest() for stream in (result.pictures, result.samples)
            )
            if picture not in seen:
                seen[picture] = pictures.append(result.pictures)
            if sound not in seen:
                seen[sound] = sounds.append(log_mel(torch.from_numpy(result.samples), mels).numpy())
            rows[clip] = seen[picture], seen[sound]
        return DecodedClips(rows, skipped, pictures.rows, sounds.rows)


def _recorded(root: Path, window: Window, faces: FaceSettings, path: str) -> Recording | str:
    """Return the recording of a clip, or the reason why there is none: one clip does not stop the others."""
    try:
        return first_window(root / path, window, _detector(faces)).recording
    except ClipError as error:
        return str(error)


@functools.lru_cache(maxsize=1)
def _detector(faces: FaceSettings) -> FaceDetector:
    """Return the detector, which a worker makes once: one with a network takes as long as a clip."""
    return faces.make()


def streams_size(clips: int, window: Window, mels: int) -> int:
    """Return the bytes on disk of the arrays of so many clips and of a line of text for each.

    It is an upper estimate: no stream occurs twice.
    """
    pictures = window.frames * window.size**2 * 3
    return clips * (pictures + mels * COLUMNS * 4 + 1024) + 8 * DISK_BLOCK
