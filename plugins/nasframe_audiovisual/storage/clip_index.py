"""The index of a set of clips: a CSV file with a line for each, of whatever a task knows about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

import attrs

from nasframe.errors import DataError
from nasframe.runtime import csv_text, damage_in_words, read_csv, write_text

__all__ = ["read_index", "write_index"]

Clip = TypeVar("Clip", bound=attrs.AttrsInstance)


def write_index(path: Path, clips: Sequence[attrs.AttrsInstance], sparse: Collection[str] = ()) -> None:
    """Write records of one attrs class as a CSV file, whole or not at all.

    Args:
        path: of the file.
        clips: one or more; the names of their fields are the columns. The fields are of type `str` or `int`.
        sparse: fields with a default whose columns are left out where every clip has an empty text there.
    """
    columns = [
        item.name
        for item in attrs.fields(type(clips[0]))
        if item.name not in sparse or any(getattr(clip, item.name) for clip in clips)
    ]
    write_text(path, csv_text([columns, *([getattr(clip, name) for name in columns] for clip in clips)]))


def read_index(path: Path, kind: type[Clip]) -> list[Clip]:
    """Return the records of the CSV file at `path`.

    Args:
        path: of the file.
        kind: the attrs class whose records `write_index` wrote. Fields that have a default may lack their
            columns, as in a file of an older version.

    Raises:
        DataError: the file is missing, or has other columns or values.
    """
    fields = attrs.fields(attrs.resolve_types(kind))
    names = [item.name for item in fields]

    def refused(message: str) -> DataError:
        return DataError(
            f"{message}; expected an index of prepared clips with the columns {', '.join(names)}"
        )

    def value(number: int, name: str, type_: Any, text: str) -> Any:
        if type_ is not int:
            return text
        if not re.fullmatch(r"-?[0-9]{1,15}", text):
            raise refused(f"{path}: line {number}: {name}: expected a whole number, found {text[:80]!r}")
        return int(text)

    rows = read_csv(path, refused)
    _, header = next(rows, (0, []))
    needed = {item.name for item in fields if item.default is attrs.NOTHING}
    if not needed <= {*header} <= {*names} or len({*header}) != len(header):
        raise refused(f"{path}: has the columns {', '.join(header)[:200]}")
    types = {item.name: item.type for item in fields}
    clips = []
    for number, row in rows:
        if len(row) != len(header):
            raise refused(f"{path}: line {number}: has {len(row)} fields")
        found = {name: value(number, name, types[name], text) for name, text in zip(header, row, strict=True)}
        with damage_in_words(f"{path}: line {number}", DataError):
            clips.append(kind(**found))
    return clips
