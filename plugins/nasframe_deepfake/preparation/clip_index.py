"""The index of prepared clips: a line for each, with its split, its labels and the rows of its streams."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve, frozen

import nasframe_audiovisual
from nasframe_audiovisual import ClipFiles
from nasframe_deepfake.datasets import DESYNC, Clip, Segments

__all__ = ["PreparedClip", "read_index", "with_details", "write_index"]


@frozen
class PreparedClip:
    """One prepared clip. The names of the fields are the columns of the index.

    Attributes:
        path: the name of the clip: its path relative to the root of the data, or those of its two files.
        split: weights, architecture, validation or test.
        category, method, source, race, gender: see `listing.Clip`.
        fake: 1 or 0; `fake_picture` and `fake_voice` are the labels of the streams alone.
        picture: row of its pictures; clips with the same pictures share a row.
        sound: row of its sound.

    The rest but `set` and `nameless` is told, and nothing is computed from it; an index of an older version
    lacks it.

    Attributes:
        targets: other people whose face or voice was used, as a JSON list of names; `[]` for nobody.
        fake_segments: the parts of the clip that were altered, in seconds, such as `0.5-1.25;3-4`; `none`
            where the data set says that there is none, and empty where nobody knows.
        fake_picture_segments, fake_voice_segments: likewise, those of one stream.
        official_split: train, validation or test, where the data set has splits of its own.
        content: SHA-256 of the bytes of the file; of two files, that of both hashes, one after the other.
        sound_file: the file of its sound, where its pictures are in another one; an index in which no clip
            has one lacks the column.
        set: the folder of its data set, where several are combined; else there is no such column. What an
            evaluation says of each set is computed from it.
        nameless: 1 where its data set names nobody, so that `source` is no person; an index in which every
            clip is of somebody lacks the column.
    """

    path: str
    split: str
    category: str
    method: str
    source: str
    race: str
    gender: str
    fake: int
    fake_picture: int
    fake_voice: int
    picture: int
    sound: int
    targets: str = ""
    fake_segments: str = ""
    fake_picture_segments: str = ""
    fake_voice_segments: str = ""
    official_split: str = ""
    content: str = ""
    sound_file: str = ""
    set: str = ""
    nameless: int = 0

    @property
    def files(self) -> ClipFiles:
        """Its file, or both. Whether its pictures lie on their side is forgotten: they were turned."""
        return ClipFiles.named(self.path, self.sound_file)

    @property
    def false_pairing(self) -> int:
        """1 where both streams are genuine but do not belong together, else 0."""
        return int(self.method == DESYNC)


def with_details(prepared: PreparedClip, clip: Clip, root: Path) -> PreparedClip:
    """Return a prepared clip with all that is told only, for the clip of a listing below `root`."""
    try:
        digests = [nasframe_audiovisual.file_digest(path) for path in clip.files.paths(root)]
        content = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    except OSError:  # it went since it was decoded
        content = ""
    return evolve(
        prepared,
        targets=json.dumps(clip.targets, ensure_ascii=False),
        fake_segments=_segments_text(clip.fake_segments),
        fake_picture_segments=_segments_text(clip.fake_picture_segments),
        fake_voice_segments=_segments_text(clip.fake_voice_segments),
        official_split=clip.official_split,
        content=content,
        sound_file=clip.sound_file,
        set=clip.set,
        nameless=int(clip.nameless),
    )


def _segments_text(segments: Segments | None) -> str:
    if segments is None:
        return ""
    return ";".join(f"{start:.12g}-{end:.12g}" for start, end in segments) or "none"


def read_index(path: Path) -> list[PreparedClip]:
    """Return the clips of the CSV file at `path`.

    Raises:
        DataError: the file is missing, or not an index.
    """
    return nasframe_audiovisual.read_index(path, PreparedClip)


def write_index(path: Path, clips: Sequence[PreparedClip]) -> None:
    """Write the index of some clips, for `read_index`."""
    nasframe_audiovisual.write_index(path, clips, sparse=("sound_file", "set", "nameless"))
