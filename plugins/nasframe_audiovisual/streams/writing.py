"""The streams of a whole set: every clip decoded once, each distinct stream one row of an array."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs
from attrs import frozen

from nasframe.jobs import in_order
from nasframe.runtime import Progress, counted, fingerprint
from nasframe_audiovisual.clip_files import ClipFiles
from nasframe_audiovisual.clip_patience import CLIP_PATIENCE
from nasframe_audiovisual.faces import FaceSettings
from nasframe_audiovisual.freed_memory import keep_freed_memory
from nasframe_audiovisual.spectrogram import COLUMNS
from nasframe_audiovisual.storage import DISK_BLOCK, require_space
from nasframe_audiovisual.streams.decoding import DecodedClip, decoded_clip, detector_inputs, lost_clip
from nasframe_audiovisual.streams.shards import SHARD, Shards
from nasframe_audiovisual.windows import Window

__all__ = ["DecodedClips", "remove_streams", "streams_size", "write_streams"]

NO_FACES = FaceSettings("none")

_LAYOUT = 1
"""Increased when a shard is written in another way, or decoded to other numbers by the same options."""


@frozen
class DecodedClips:
    """The rows of every clip, and the clips without any. Both are in the order in which the clips were given.

    Attributes:
        rows: name of a clip, see `ClipFiles` → the rows of its pictures and of its sound; clips that share a
            stream share it.
        skipped: name of a clip that cannot be used → the reason, in words.
        pictures: number of distinct rows of pictures.
        sounds: number of distinct rows of sound.
    """

    rows: Mapping[str, tuple[int, int]]
    skipped: Mapping[str, str]
    pictures: int
    sounds: int


def write_streams(
    root: Path,
    clips: Sequence[str | ClipFiles],
    out: Path,
    window: Window,
    mels: int,
    workers: int,
    progress: Progress,
    faces: FaceSettings = NO_FACES,
) -> DecodedClips:
    """Write the streams of the first window of each clip that can be judged; return which rows are whose.

    They are in shards: `pictures-00000.npy` and so on hold `(rows, frames, size, size, 3)`, uint8, and
    `sounds-00000.npy` log-mel spectrograms `(rows, mels, COLUMNS)`, float32. `shard-00000.json` names the
    clips of a shard, and `streams.json`, which is written last, has the number of rows in each;
    `open_streams` reads all of them as one array. A clip that cannot be used is skipped, and its reason
    returned, whatever is wrong with it.

    Shards that are whole in `out` are kept: where a call was killed, the same call goes on behind them.

    Args:
        root: folder of the clips. Their content is not compared with that of the shards that are kept.
        clips: path of each, relative to `root`, or its files; each once.
        out: a folder that is there.
        window: the length of the part of each clip that is used, and its pictures.
        mels: bands of the spectrogram.
        workers: processes that decode; 0: one for each core, but none for a few clips. The result does not
            depend on it. A clip at which a process dies or hangs is skipped, too; with 1, all are decoded in
            this process, and it would die or hang.
        progress: to report to.
        faces: how the square of the pictures is found; by default it is in the middle.

    Raises:
        DataError: the disk is too full, or the faces' model cannot be used.
    """
    shards = Shards(out, fingerprint([_LAYOUT, attrs.asdict(window), mels, detector_inputs(faces)]))
    files = [ClipFiles(clip) if isinstance(clip, str) else clip for clip in clips]
    shards.resume(files)
    left = files[shards.done :]
    require_space(
        out, streams_size(len(left), window, mels), f"the pictures and sounds of {counted(len(left), 'clip')}"
    )
    if shards.done:
        progress.say(
            f"{shards.done} of {counted(len(clips), 'clip is', 'clips are')} decoded already, {len(left)} "
            "are left"
        )
    results: Iterator[DecodedClip | str] = in_order(
        functools.partial(decoded_clip, root, window, mels, faces),
        left,
        workers,
        least=200,
        initializer=keep_freed_memory,
        lost=functools.partial(lost_clip, root),
        patience=CLIP_PATIENCE,
    )
    results = progress.track(results, "decode", len(left))
    for start in range(0, len(left), SHARD):
        group = left[start : start + SHARD]
        shards.write(group, itertools.islice(results, len(group)))
    next(results, None)  # nothing is left: this ends the workers
    shards.finish()
    counts = {kind: sum(rows) for kind, rows in shards.counts.items()}
    return DecodedClips(shards.rows, shards.skipped, counts["pictures"], counts["sounds"])


def remove_streams(out: Path) -> None:
    """Remove all that `write_streams` has written into a folder."""
    Shards(out, "").resume([])


def streams_size(clips: int, window: Window, mels: int) -> int:
    """Return the bytes on disk of the shards of so many clips and of two lines of text for each.

    It is an upper estimate: no stream occurs twice.
    """
    pictures = window.frames * window.size**2 * 3
    files = 3 * -(-clips // SHARD) + 8
    return clips * (pictures + mels * COLUMNS * 4 + 1024) + files * DISK_BLOCK
