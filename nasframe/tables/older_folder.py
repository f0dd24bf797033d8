"""A table of format 1: a folder with a record and a line for each architecture, without curves.

```
table.json           space, task, training, data, versions, the plugins of its names
table.jsonl          a line for each architecture
architectures/       a file for each architecture, written when it is trained
```

Still older versions called the two files `census.json` and `census.jsonl`; they are read where there is no
`table.json`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nasframe.errors import RunError
from nasframe.runtime import (
    ANYTHING,
    MAX_EXACT_INTEGER,
    MAX_LISTING_BYTES,
    Each,
    Fields,
    Items,
    Nullable,
    Number,
    Text,
    check_shape,
    made_later,
    read_json,
    read_json_lines,
)
from nasframe.tables.damaged_table import with_a_way_on
from nasframe.tables.document import TABLE_FILE, require_objective
from nasframe.tables.entry import TableEntry, TableTraining
from nasframe.tables.table import TabularBenchmark

__all__ = ["OLDER_FILES", "TABLE_NAMES", "read_older_folder"]

FORMAT = 1
RECORD, ROWS = "table.json", "table.jsonl"
_CENSUS = ("census.json", "census.jsonl")

OLDER_FILES = (RECORD, ROWS, *_CENSUS)
"""The records and the rows of older versions."""

TABLE_NAMES = ("table", "census")
"""The present name of a table in records and folders, and that of older versions."""

_COUNT = Nullable(Number(0, MAX_EXACT_INTEGER, whole=True))
_RECORD = Fields(
    {"objective": Text()},
    {
        "title": Text(),
        "asked": Number(1, MAX_EXACT_INTEGER, whole=True),
        "space_size": Nullable(Number(0, whole=True)),
        "space": Nullable(Each(ANYTHING)),
        "task": Nullable(Each(ANYTHING)),
        "train": Nullable(Each(ANYTHING)),
        "data": Nullable(Text()),
        "seed": Nullable(Number(0, whole=True)),
        "names": Each(Each(Text())),
        "packages": Each(Nullable(Text())),
        "caveats": Items(Text()),
        "failed": Each(Nullable(Text())),
        "experiment": Text(),
    },
)
_ROW = Fields(
    {
        "fingerprint": Text(),
        "assignment": Each(Text()),
        "validation": Each(Nullable(Number())),
        "test": Each(ANYTHING),
        "parameters": _COUNT,
    },
    {"multiply_adds": _COUNT, "seconds": Nullable(Number(0)), "best_epoch": Nullable(Number(0, whole=True))},
)


def read_older_folder(given: Path) -> TabularBenchmark:
    """Return the table in a folder of format 1, given the folder or either of its two files.

    Each entry has one training, and a curve of one epoch, the best.

    Raises:
        RunError: there is no table, or it has another format, or it is damaged.
    """
    folder = given if given.is_dir() else given.parent
    record_name, rows_name = _files(folder)
    for name in (record_name, rows_name):
        if not (folder / name).exists():
            begun = (folder / "architectures").is_dir()
            lacks = TABLE_FILE if name == RECORD else name
            why = "has not ended; give its command again" if begun else f"is no table: it has no {lacks}"
            raise RunError(f"{given}: {why}")
    with with_a_way_on():
        record = read_json(folder / record_name, limit=MAX_LISTING_BYTES)
    if not isinstance(record, dict) or record.get("kind") not in TABLE_NAMES:
        raise RunError(f"{given}: is no table: its {record_name} is none of nasframe's")
    if record.get("format") != FORMAT:
        raise RunError(
            f"{given}: table format {record.get('format')!r} cannot be read; this version reads {FORMAT}"
            f"{made_later(record.get('format'), FORMAT)}"
        )
    with with_a_way_on():
        check_shape(record, _RECORD, str(folder / record_name))
        rows = read_json_lines(folder / rows_name, _ROW)
        if not rows:
            raise RunError(f"{folder / rows_name}: holds no architecture")
    training = TableTraining(record.get("seed") or 0, {}, record.get("data") or "")
    table = TabularBenchmark(folder, record, [training], [_entry(row) for row in rows])
    with with_a_way_on():
        require_objective(table, str(folder / record_name))
    return table


def _entry(row: Mapping[str, Any]) -> TableEntry:
    def curves(split: str) -> dict[str, Any]:
        return {
            name: np.array([[math.nan if value is None else float(value)]])
            for name, value in row[split].items()
            if value is None or (isinstance(value, int | float) and not isinstance(value, bool))
        }

    seconds = row.get("seconds")
    return TableEntry(
        key="",
        assignment=row["assignment"],
        parameters=row["parameters"],
        multiply_adds=row.get("multiply_adds"),
        seconds=np.array([math.nan if seconds is None else seconds], float),
        validation=curves("validation"),
        test=curves("test"),
        best=np.array([min(row.get("best_epoch") or 1, MAX_EXACT_INTEGER)]),
        former_fingerprint=row["fingerprint"],
    )


def _files(folder: Path) -> tuple[str, str]:
    """Return the names of the record and the rows; the record is written last, so it says which are whole."""
    is_old = not (folder / RECORD).exists() and any((folder / name).exists() for name in _CENSUS)
    return _CENSUS if is_old else (RECORD, ROWS)
