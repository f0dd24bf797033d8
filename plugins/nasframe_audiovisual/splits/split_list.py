"""A list of splits as a CSV file: the user's own, or the one that a stage wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from nasframe.errors import DataError, nearest
from nasframe.runtime import csv_text, read_csv, write_text
from nasframe_audiovisual.splits.grouping import SPLITS

__all__ = ["read_split_list", "write_split_list"]

_EXPECTED = "expected a CSV file in UTF-8 with the columns path and split"


def read_split_list(path: Path) -> dict[str, str]:
    """Read a list, path of a clip → split: a CSV file with the columns `path` and `split`.

    Raises:
        DataError: the list cannot be read, names an unknown split, or puts a clip into two.
    """
    listed: dict[str, str] = {}

    def refused(message: str) -> DataError:
        return DataError(f"{message}; {_EXPECTED}")

    rows = read_csv(path, refused)
    _, header = next(rows, (0, []))
    for column in ("path", "split"):
        if column not in header:
            raise refused(f"{path}: has no column {column!r}")
    place, of_split = header.index("path"), header.index("split")
    for number, row in rows:
        if not row:
            continue
        if len(row) <= max(place, of_split):
            raise refused(f"{path}: line {number}: has {len(row)} fields of {len(header)}")
        name, split = PurePosixPath(row[place]).as_posix(), row[of_split]  # without ./ and //
        if split not in SPLITS:
            raise DataError(f"{path}: unknown split {split!r}{nearest(split, SPLITS)}")
        if listed.setdefault(name, split) != split:
            raise DataError(f"{path}: puts {name} into {listed[name]} and into {split}")
    return listed


def write_split_list(path: Path, clips: Sequence[str], splits: Sequence[str]) -> None:
    """Write a list for `read_split_list`.

    Args:
        path: of the CSV file.
        clips: path of each clip, relative to the root of the data.
        splits: one of SPLITS for each.
    """
    write_text(path, csv_text([("path", "split"), *zip(clips, splits, strict=True)]))
