"""The networks that were trained on demand: a file each, beside the table or in the user's cache."""

from __future__ import annotations

from pathlib import Path

from nasframe.errors import RunError
from nasframe.runtime import Fields, Text, file_name, fingerprint, read_json, write_json
from nasframe.tables.document import ENTRY, entry_of_values, entry_values
from nasframe.tables.entry import TableEntry
from nasframe.tables.table import TabularBenchmark

__all__ = ["ADDITIONS", "add_entry", "additions_folder", "with_additions"]

ADDITIONS = "on_demand"
"""Name of the folder, in that of a table, of the networks that were trained on demand."""

_ADDITION = Fields({**ENTRY.required, "trained_as": Text()}, ENTRY.optional)

_SAME = ("space", "task", "train", "trainings", "objective", "epochs")
"""The keys of a record by which an addition is one of this table."""


def additions_folder(table: TabularBenchmark, cache: Path) -> Path:
    """Return the folder of a table's additions: inside its own folder, else in a cache.

    A table that is one file may be a plugin's, and nothing is written into a package.
    """
    if table.path.is_dir():
        return table.path / ADDITIONS
    return cache / "tables" / f"{file_name(table.title)}-{_print_of(table, 'experiment')[:16]}"


def with_additions(table: TabularBenchmark, cache: Path) -> TabularBenchmark:
    """Learn the additions of a table that are there, and return it.

    Those that were trained otherwise than the table's networks are now, as where `tabulate` has given them
    another seed since, are left out, and are in `left_out`.

    Raises:
        RunError: a file is damaged.
    """
    folder = additions_folder(table, cache)
    if folder.is_dir() and "trainings" in table.record:  # format 1 has none
        trained_as = _print_of(table)
        for file in sorted(folder.glob("*.json")):
            entry = _read(file, table, trained_as)
            if isinstance(entry, str):
                if entry not in table.entries:
                    table.left_out.append(entry)
            elif entry.key not in table.entries:
                table.added[entry.key] = entry
    return table


def add_entry(table: TabularBenchmark, entry: TableEntry, cache: Path) -> None:
    """Keep an entry that was trained on demand."""
    folder = additions_folder(table, cache)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / f"{entry.key}.json", {**entry_values(entry), "trained_as": _print_of(table)})
    table.added[entry.key] = entry
    table.left_out[:] = [key for key in table.left_out if key != entry.key]


def _print_of(table: TabularBenchmark, *more: str) -> str:
    return fingerprint({key: table.record.get(key) for key in (*_SAME, *more)})


def _read(file: Path, table: TabularBenchmark, trained_as: str) -> TableEntry | str:
    """Return the entry of a file; its key alone where it was trained otherwise."""

    def error(message: str) -> RunError:
        return RunError(f"{message}; remove the file, and the network is trained again when it is asked for")

    values = read_json(file, _ADDITION, error)
    if values["trained_as"] != trained_as:
        return str(values["key"])
    try:
        return entry_of_values(values, table.record, str(file))
    except RunError as problem:
        raise error(str(problem)) from None
