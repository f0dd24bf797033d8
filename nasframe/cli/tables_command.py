"""`nasframe tables`: the registered tables, the facts of one, and the truth of an architecture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from nasframe.errors import ConfigurationError
from nasframe.plugins import manager
from nasframe.runtime import counted, make_progress, print_columns, print_json, print_text, visible

if TYPE_CHECKING:
    from nasframe.space import Architecture
    from nasframe.tables import TableEntry, TabularBenchmark

__all__ = ["add_commands"]


def add_commands(app: App) -> None:
    """Add the command."""
    app.command(tables)


def tables(
    table: str | None = None,
    architecture: str | None = None,
    /,
    *,
    train: bool = False,
    data: Path | None = None,
    device: str | None = None,
    other_versions: bool = False,
    json: Annotated[bool, Parameter(help="For scripts: JSON instead of tables.")] = False,
) -> int:
    """List the registered tables of the truth; or print the facts of one; or the truth of an architecture.

    Parameters
    ----------
    table
        A registered name, a file, or the folder of `nasframe tabulate`.
    architecture
        A run folder, the file of an architecture, a text that a plugin can read, or the fingerprint of an
        architecture or the key of a network that the table prints.
    train
        Train a network that the table does not hold by the table's recipe, and keep it.
    data
        With --train: your data. [default: the task's own, if any]
    device
        With --train: auto, cpu, cuda, cuda:N. [default: the recipe's]
    other_versions
        With --train: also where the table was made with other versions of nasframe or torch.
    """
    if table is None:
        return _list(as_json=json)

    from nasframe.tables import load_table

    if data is not None and not data.exists():
        raise ConfigurationError("command line", [f"--data {data}: no such file or folder"])
    found = load_table(table)
    if architecture is None:
        if train:
            raise ConfigurationError("command line", ["--train: expected an architecture to train"])
        return _show_facts(found, as_json=json)
    entry = _find(found, architecture)
    if entry is None:
        asked = _architecture(architecture)
        if train:
            from nasframe.pipeline import truth_on_demand

            entry = truth_on_demand(
                found,
                asked,
                source=data,
                device=device,
                other_versions=other_versions,
                progress=make_progress(),
            )
        else:
            entry = found.look_up(asked)
    return _show_entry(found, entry, as_json=json)


def _list(*, as_json: bool) -> int:
    entries = manager().registered("table")
    rows = [(entry.name, entry.plugin, str(entry.target)) for entry in entries]
    if as_json:
        print_json([dict(zip(("name", "plugin", "file"), row, strict=True)) for row in rows])
    elif rows:
        print_columns([("name", "plugin", "file"), *rows])
    else:
        print_text("no plugin that is installed registers a table; `nasframe tabulate` makes one")
    return 0


def _find(table: TabularBenchmark, text: str) -> TableEntry | None:
    """Return the entry that digits name; None where the text is something else."""
    digits = len(text) >= 8 and set(text) <= set("0123456789abcdef")
    if digits and not os.path.exists(text):  # noqa: PTH110 - pathlib raises an error for a name that is too long
        return table.look_up(text)
    return table.find(_architecture(text))


def _architecture(text: str) -> Architecture:
    from nasframe.cli.using_a_run import read_architecture

    return read_architecture(text)


def _show_facts(table: TabularBenchmark, *, as_json: bool) -> int:
    from nasframe.display import print_tables
    from nasframe.report import space_table_tables, table_names
    from nasframe.tables import facts_of

    facts = facts_of(table).to_dict()
    if as_json:
        of = table_names(table.record) | {"space_size": table.record.get("space_size")}
        about = {"title": table.title, "objective": table.objective, **of}
        print_json({**about, **facts, "caveats": table.caveats})
        return 0
    added = f", and {len(table.added)} on demand" if table.added else ""
    print_text(
        f"\n{visible(table.title)}: {counted(len(table), 'network')}{added}, by {visible(table.objective)}\n"
    )
    print_tables(space_table_tables(table.record, table.rows, facts))
    for line in table.caveats:
        print_text(visible(line))
    return 0


def _show_entry(table: TabularBenchmark, entry: TableEntry, *, as_json: bool) -> int:
    values = _entry(table, entry)
    if as_json:
        print_json(values)
        return 0
    print_columns(
        [
            (name.replace("_", " "), _text(value))
            for name, value in values.items()
            if value not in (None, [], False) and name != "assignment"
        ]
    )
    print_text()
    print_columns([(visible(name), visible(value)) for name, value in values["assignment"].items()])
    return 0


def _entry(table: TabularBenchmark, entry: TableEntry) -> dict[str, Any]:
    """Return an entry as plain values."""
    score = table.score(entry, "test")
    others = [found for found in table.scores("test") if found is not None]
    better = [] if score is None else [found for found in others if found > score]
    return {
        "key": entry.key,
        "on_demand": entry.on_demand,
        "trained_with": [f"{name} {version}" for name, version in entry.versions.items()],
        "rank": None if score is None else f"{len(better) + 1} of {len(table)}",
        f"{table.objective}_validation": table.score(entry, "validation"),
        f"{table.objective}_test": score,
        "test_of_each_training": [
            table.score(entry, "test", number) for number in range(len(table.trainings))
        ],
        "best_epochs": [int(epoch) or None for epoch in entry.best],
        "missing_trainings": entry.missing,
        "parameters": entry.parameters,
        "multiply_adds": entry.multiply_adds,
        "seconds": [None if value != value else round(value, 3) for value in entry.seconds.tolist()],
        "assignment": dict(entry.assignment),
    }


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "yes" if value is True else "–" if value is None else visible(str(value))
