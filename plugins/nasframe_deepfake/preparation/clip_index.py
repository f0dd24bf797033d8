"""The index of prepared clips: a line for each, with its split, its labels and the rows of its streams."""

from __future__ import annotations

from pathlib import Path

from attrs import frozen

import nasframe_audiovisual
from nasframe_deepfake.datasets import DESYNC

__all__ = ["PreparedClip", "read_index"]


@frozen
class PreparedClip:
    """One prepared clip. The names of the fields are the columns of the index.

    Attributes:
        path: relative to the root of the data.
        split: weights, architecture, validation or test.
        category, method, source, race, gender: see `listing.Clip`.
        fake: 1 or 0; `fake_picture` and `fake_voice` are the labels of the streams alone.
        picture: row of its pictures; clips with the same pictures share a row.
        sound: row of its sound.
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

    @property
    def false_pairing(self) -> int:
        """1 where both streams are genuine but do not belong together, else 0."""
        return int(self.method == DESYNC)


def read_index(path: Path) -> list[PreparedClip]:
    """Return the clips of the CSV file at `path`.

    Raises:
        DataError: the file is missing, or not an index.
    """
    return nasframe_audiovisual.read_index(path, PreparedClip)
