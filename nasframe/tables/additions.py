"""The networks that were trained on demand: a file each, beside the table or in the user's cache."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.runtime import file_name, fingerprint, read_json, write_json
from nasframe.tables.document import ENTRY, entry_of_values, entry_values
from nasframe.tables.table import TableEntry, TabularBenchmark

__all__ = ["ADDITIONS", "add_entry", "additions_folder", "with_additions"]

ADDITIONS = "on_demand"
"""Name of the folder, in that of a table, of the networks that were trained on demand."""


def additions_folder(table: TabularBenchmark, cache: Path) -> Path:
    """Return the folder of a table's additions: inside its own folder, else in a cache.

    A table that is one file may be a plugin's, and nothing is written into a package.
    """
    if table.path.is_dir():
        return table.path / ADDITIONS
    recipe = {key: table.record.get(key) for key in ("space", "task", "train", "trainings", "objective")}
    return cache / "tables" / f"{file_name(table.title)}-{fingerprint(recipe)[:16]}"


def with_additions(table: TabularBenchmark, cache: Path) -> TabularBenchmark:
    """Learn the additions of a table that are there, and return it.

    Raises:
        RunError: a file is damaged.
    """
    folder = additions_folder(table, cache)
    if folder.is_dir() and "trainings" in table.record:  # format 1 has none
        for file in sorted(folder.glob("*.json")):
            entry = _read(file, table.record)
            if entry.key not in table.entries:
                table.added[entry.key] = entry
    return table


def add_entry(table: TabularBenchmark, entry: TableEntry, cache: Path) -> None:
    """Keep an entry that was trained on demand."""
    folder = additions_folder(table, cache)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{entry.key}.json", entry_values(entry))
    table.added[entry.key] = entry


def _read(file: Path, record: Mapping[str, Any]) -> TableEntry:
    def error(message: str) -> RunError:
        return RunError(f"{message}; remove the file, and the network is trained again when it is asked for")

    try:
        return entry_of_values(read_json(file, ENTRY, error), record, str(file))
    except RunError as problem:
        raise problem if "remove the file" in str(problem) else error(str(problem)) from None
