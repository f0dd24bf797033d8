"""The index of a set of clips: a CSV file with a line for each, of whatever a task knows about it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import attrs

from nasframe.errors import DataError
from nasframe.runtime import csv_text, write_text

__all__ = ["read_index", "write_index"]

Clip = TypeVar("Clip", bound=attrs.AttrsInstance)


def write_index(path: Path, clips: Sequence[attrs.AttrsInstance]) -> None:
    """Write records of one attrs class as a CSV file, whole or not at all.

    Args:
        path: of the file.
        clips: one or more; the names of their fields are the columns. The fields are of type `str` or `int`.
    """
    columns = [item.name for item in attrs.fields(type(clips[0]))]
    write_text(path, csv_text([columns, *(attrs.astuple(clip) for clip in clips)]))


def read_index(path: Path, kind: type[Clip]) -> list[Clip]:
    """Return the records of the CSV file at `path`.

    Args:
        path: of the file.
        kind: the attrs class whose records `write_index` wrote.

    Raises:
        DataError: the file is missing, or has other columns or values.
    """
    types = {item.name: item.type for item in attrs.fields(attrs.resolve_types(kind))}

    def value(key: str, text: str) -> Any:
        return int(text) if types.get(key) is int else text

    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            return [kind(**{key: value(key, text) for key, text in row.items()}) for row in rows]
    except (OSError, TypeError, ValueError) as error:
        raise DataError(f"{path}: is not an index of prepared clips: {error}") from error
