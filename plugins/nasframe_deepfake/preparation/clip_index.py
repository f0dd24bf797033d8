"""The index of prepared clips: a line for each, with its split, its labels and the rows of its streams."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from nasframe.errors import DataError
from nasframe.runtime import write_text
from nasframe_deepfake.datasets import DESYNC

__all__ = ["PreparedClip", "read_index", "write_index"]


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


_INTEGERS = ("fake", "fake_picture", "fake_voice", "picture", "sound")


def write_index(path: Path, clips: Sequence[PreparedClip]) -> None:
    """Write `clips` as a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([item.name for item in attrs.fields(PreparedClip)])
    writer.writerows(attrs.astuple(clip) for clip in clips)
    write_text(path, text.getvalue())


def read_index(path: Path) -> list[PreparedClip]:
    """Read the clips of the CSV file at `path`.

    Raises:
        DataError: the file is missing, or not an index.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            return [PreparedClip(**{key: _value(key, text) for key, text in row.items()}) for row in rows]
    except (OSError, TypeError, ValueError) as error:
        raise DataError(f"{path}: is not an index of prepared clips: {error}") from error


def _value(key: str, text: str) -> Any:
    return int(text) if key in _INTEGERS else text
