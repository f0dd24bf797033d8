"""The index of prepared clips: one line a clip, with its split, its labels and the rows of its streams."""

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
from nasframe_deepfake.listing import DESYNC

__all__ = ["PreparedClip", "read_index", "write_index"]


@frozen
class PreparedClip:
    """One prepared clip.

    Attributes:
        path: relative to the root of the data.
        split: weights, architecture, validation or test.
        fake: 1 or 0; `fake_picture` and `fake_voice` are the labels of the streams alone.
        picture: row of its pictures; clips with the same pictures share it.
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
        """1 where genuine streams do not belong together, else 0."""
        return int(self.method == DESYNC)


_INTEGERS = ("fake", "fake_picture", "fake_voice", "picture", "sound")


def write_index(path: Path, entries: Sequence[PreparedClip]) -> None:
    """Write `entries` as a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([item.name for item in attrs.fields(PreparedClip)])
    writer.writerows(attrs.astuple(entry) for entry in entries)
    write_text(path, text.getvalue())


def read_index(path: Path) -> list[PreparedClip]:
    """The entries of the CSV file at `path`.

    Raises:
        DataError: it is missing or none of ours.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            return [PreparedClip(**{key: _value(key, text) for key, text in row.items()}) for row in rows]
    except (OSError, TypeError, ValueError) as error:
        raise DataError(f"{path}: is not an index of prepared clips: {error}") from error


def _value(key: str, text: str) -> Any:
    return int(text) if key in _INTEGERS else text
