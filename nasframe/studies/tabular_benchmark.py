"""A table of a search space: many random architectures of it, each trained from scratch and scored.

The field calls it a tabular benchmark. Its folder holds

```
table.json           space, task, training, data, versions, the plugins of its names
table.jsonl          a line for each architecture
architectures/       a file for each architecture, written when it is trained
```

In folders of older versions the two files are called `census.json` and `census.jsonl`; they are read where
there is no `table.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from nasframe.errors import PluginError, RunError
from nasframe.experiment import Experiment
from nasframe.plugins import RecordedNames, manager, record_names
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
    escape_json,
    read_json,
    read_json_lines,
    write_text,
)
from nasframe.space import SearchSpace

__all__ = [
    *("FORMAT", "OLD_FILES", "ROWS", "TabularBenchmark"),
    *("TABLE_NAMES", "differences", "is_table", "load_table", "names_used", "origin_of", "write_rows"),
]

FORMAT = 1
RECORD, ROWS = "table.json", "table.jsonl"
OLD_FILES = ("census.json", "census.jsonl")
"""The record and the rows as older versions called them."""

TABLE_NAMES = ("table", "census")
"""The present name of a table in records and folders, and that of older versions."""

_COUNT = Nullable(Number(0, MAX_EXACT_INTEGER, whole=True))
_METRICS = Each(Nullable(Number()))
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
        "names": Each(Each(Text())),
        "packages": Each(Nullable(Text())),
        "caveats": Items(Text()),
        "failed": Each(Nullable(Text())),
    },
)
_ROW = Fields(
    {
        "fingerprint": Text(),
        "assignment": Each(Text()),
        "validation": _METRICS,
        "test": Each(ANYTHING),
        "parameters": _COUNT,
    },
    {"multiply_adds": _COUNT, "seconds": Nullable(Number(0))},
)


@frozen
class TabularBenchmark:
    """The table in a folder: architectures of a space, each trained from scratch and scored.

    Attributes:
        path: of its folder.
        record: the content of `table.json`.
        rows: the lines of `table.jsonl`, in the order in which the architectures were drawn.
    """

    path: Path
    record: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    _places: Mapping[str, int] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        places = {row["fingerprint"]: place for place, row in enumerate(self.rows)}
        object.__setattr__(self, "_places", places)

    @property
    def names(self) -> RecordedNames:
        """The names of its space, operations and task, and the plugins that they meant when it was made."""
        return RecordedNames.of(self.record)

    def __len__(self) -> int:
        return len(self.rows)

    def find(self, fingerprint: str) -> Mapping[str, Any] | None:
        """Return the row of an architecture, given 16 or more digits of its fingerprint; None without one."""
        place = self._places.get(fingerprint[:16])
        return None if place is None else self.rows[place]

    def scores(self, split: str) -> list[float | None]:
        """Return the objective of each row on the split `validation` (best epoch) or `test`."""
        return [row[split].get(self.record["objective"]) for row in self.rows]


def load_table(path: str | Path) -> TabularBenchmark:
    """Return the table in a folder, given the folder or either of its two files.

    Raises:
        RunError: there is no table, or it has another format, or it is damaged.
    """
    given = Path(path)
    folder = given if given.is_dir() else given.parent
    record_name, rows_name = _files(folder)
    for name in (record_name, rows_name):
        if not (folder / name).exists():
            begun = (folder / "architectures").is_dir()
            why = "has not ended; give its command again" if begun else f"is no table: it has no {name}"
            raise RunError(f"{given}: {why}")
    record = read_json(folder / record_name, limit=MAX_LISTING_BYTES)
    if not isinstance(record, dict) or record.get("kind") not in TABLE_NAMES:
        raise RunError(f"{given}: is no table: its {record_name} is none of nasframe's")
    if record.get("format") != FORMAT:
        raise RunError(
            f"{given}: table format {record.get('format')!r} cannot be read; this version reads {FORMAT}"
        )
    check_shape(record, _RECORD, str(folder / record_name))
    rows = read_json_lines(folder / rows_name, _ROW)
    return TabularBenchmark(folder, record, rows)


def is_table(folder: Path) -> bool:
    """Return True where a folder holds the rows of a table."""
    return (folder / _files(folder)[1]).is_file()


def write_rows(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write `table.jsonl`."""
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    # a name may hold what some programs take for the end of a line
    text = "".join(f"{escape_json(line)}\n" for line in lines)
    write_text(folder / ROWS, text)


def origin_of(experiment: Experiment, space: SearchSpace, data: str) -> dict[str, Any]:
    """Return all that must be the same in an experiment and a table for their scores to be compared.

    Args:
        experiment: the one whose architectures are trained.
        space: its space, for its data.
        data: fingerprint of the data.
    """
    values = experiment.to_dict()
    return {"space": space.origin, "task": values["task"], "train": values["train"], "data": data}


def names_used(experiment: Experiment, space: SearchSpace) -> RecordedNames:
    """Return the names that a table records: of its operations, its space and its task."""
    used = {"operation": dict(sorted(space.wiring.operations.items()))}
    classes = {"space": type(experiment.space), "task": type(experiment.task)}
    for kind, target in classes.items():
        entry = manager().entry_of(kind, target)
        used[kind] = {} if entry is None else {entry.name: entry.plugin}
    return record_names(used)


def differences(table: TabularBenchmark, experiment: Experiment, space: SearchSpace, data: str) -> list[str]:
    """Return a line for each difference between a table and an experiment; see `origin_of`.

    A name is that of the plugin which the table records, so other plugins that have it since make no
    difference, and another operation of the same name makes one.
    """
    origin = origin_of(experiment, space, data)
    for section, instance in (("space", experiment.space), ("task", experiment.task)):
        name = (table.record.get(section) or {}).get("name")
        if origin[section] is not None and _means(table, section, name, type(instance)):
            origin[section] = {**origin[section], "name": name}
    found = _differences(table.record, origin)
    for name, plugin in space.wiring.operations.items():
        there = table.names.owner("operation", name)
        if there not in (None, plugin):
            found.append(f"operation {name}: that of plugin {there!r} in the table, of {plugin!r} here")
    return found


def _means(table: TabularBenchmark, kind: str, name: Any, target: type) -> bool:
    """Return True where a name in a table is that of a class."""
    try:
        with manager().reading(table.names):
            return isinstance(name, str) and manager().find(kind, name) == manager().entry_of(kind, target)
    except PluginError:
        return False


def _differences(table: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    keys = ("space", "task", "train", "data")
    there, here = ({key: dict(_flat(values.get(key), key)) for key in keys} for values in (table, other))
    found = []
    for key in keys:
        for name in dict.fromkeys([*there[key], *here[key]]):
            a, b = (_shown(side[key].get(name)) for side in (there, here))
            if a != b:
                found.append(f"{name}: {a} in the table, {b} here")
    return found


def _files(folder: Path) -> tuple[str, str]:
    """Return the names of the record and the rows; the record is written last, so it says which are whole."""
    is_old = not (folder / RECORD).exists() and any((folder / name).exists() for name in OLD_FILES)
    return OLD_FILES if is_old else (RECORD, ROWS)


def _flat(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}")
    else:
        yield name, value


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, default=list)
