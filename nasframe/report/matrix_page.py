"""The page of a matrix: trained runs in the rows, the data sets that they were tested on in the columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.display import Cell, Column, Estimate, Table, with_intervals
from nasframe.errors import RunError
from nasframe.report.costs import title_of
from nasframe.report.page import Page, make_page
from nasframe.runtime import (
    ANYTHING,
    MAX_EXACT_INTEGER,
    MAX_LISTING_BYTES,
    Each,
    Fields,
    Flag,
    Items,
    Nullable,
    Number,
    Text,
    counted,
    read_json,
)

__all__ = ["matrix_page", "matrix_tables", "read_matrix", "write_matrix_page"]

_COUNT = Number(0, MAX_EXACT_INTEGER, whole=True)
_RECORD = Fields(
    {
        "objective": Text(),
        "metrics": Items(Text()),
        "runs": Each(Fields({"path": Text(), "own": Nullable(Text())})),
        "data": Each(Text()),
        "cells": Items(
            Fields(
                {"run": Text(), "on": Text(), "own": Flag(), "metrics": Each(ANYTHING), "examples": _COUNT},
                {"left_out": Each(_COUNT), "notes": Items(Text())},
            )
        ),
        "caveats": Items(Text()),
    }
)


def read_matrix(path: Path) -> dict[str, Any]:
    """Return the content of a `matrix.json`.

    Raises:
        RunError: it cannot be read, or has another shape; names the key.
    """

    def damaged(message: str) -> RunError:
        return RunError(f"{message}; give the command of `nasframe evaluate … --matrix` again")

    found: dict[str, Any] = read_json(path, _RECORD, damaged, MAX_LISTING_BYTES)
    return found


def write_matrix_page(data: Mapping[str, Any], folder: Path) -> None:
    """Write `report.html` of a matrix into its folder; `data` is the content of `matrix.json`."""
    matrix_page(data, folder.name).write(folder)


def matrix_page(data: Mapping[str, Any], title: str) -> Page:
    """Return the page of a matrix, for the content of `matrix.json`."""
    runs, sets = len(data["runs"]), len(data["data"])
    tables = matrix_tables(data)
    return make_page(
        "matrix.html",
        title=f"Tested on other data: {title}",
        about=f"{counted(runs, 'run')}, {counted(sets, 'data set')}",
        tables=tables,
        figures=[],
        caveats=data["caveats"],
        parts=tables[2:],
        places={
            **{f"run {name}": run["path"] for name, run in data["runs"].items()},
            **{f"data {name}": path for name, path in data["data"].items()},
        },
    )


def matrix_tables(data: Mapping[str, Any]) -> list[Table]:
    """Return the tables of a matrix, for the content of `matrix.json`.

    They are `matrix`, with the metrics that count; `cells`, with every number of each run on each data set;
    and one for each metric that has numbers for several parts, such as categories, under its name.
    """
    cells = data["cells"]
    numbers = [_numbers(cell["metrics"]) for cell in cells]
    parts = [
        name
        for name in dict.fromkeys(key for cell in cells for key in cell["metrics"])
        if any(_is_nested(cell["metrics"].get(name)) for cell in cells)
    ]
    heads = [[_starred(cell), cell["on"], cell["examples"]] for cell in cells]
    return [
        _short(data),
        _long(
            "cells",
            "Every number",
            [Column("run"), Column("on", "tested on"), Column("examples", unit="count")],
            [(head, row) for head, row in zip(heads, numbers, strict=True)],
        ),
        *(
            _long(
                name,
                title_of(name).capitalize(),
                [Column("run"), Column("on", "tested on"), Column("part")],
                [
                    ([_starred(cell), cell["on"], part], _numbers(values))
                    for cell in cells
                    for part, values in (cell["metrics"].get(name) or {}).items()
                ],
            )
            for name in parts
        ),
    ]


def _short(data: Mapping[str, Any]) -> Table:
    found = {(cell["run"], cell["on"]): cell for cell in data["cells"]}
    metrics = data["metrics"]
    several = len(metrics) > 1
    columns = [
        Column(f"{name}.{metric}", f"{name}, {title_of(metric)}")
        for name in data["data"]
        for metric in metrics
    ]
    rows: list[list[Cell]] = []
    for run in data["runs"]:
        row: list[Cell] = [run]
        for name in data["data"]:
            values = _numbers(found[run, name]["metrics"])
            row += [values.get(metric) for metric in metrics]
        rows.append(row)
    what = " and ".join(map(title_of, metrics)) if several else title_of(data["objective"])
    own = [f"{name} is of {run['own']}" for name, run in data["runs"].items() if run["own"] is not None]
    note = f"The own data of the runs: {', '.join(own)}. " if own else ""
    return Table(
        "matrix",
        f"{what}: trained on the data of the run, tested on each data set",
        [Column("run"), *columns],
        rows,
        f"{note}Beside a number stands its 95 % interval, where the task gives one.",
    )


def _long(
    name: str, title: str, heads: Sequence[Column], rows: Sequence[tuple[Sequence[Cell], Mapping[str, Cell]]]
) -> Table:
    keys = list(dict.fromkeys(key for _, values in rows for key in values))
    lines = [[*head, *(values.get(key) for key in keys)] for head, values in rows]
    return Table(name, title, [*heads, *(Column(key, title_of(key)) for key in keys)], lines)


def _starred(cell: Mapping[str, Any]) -> str:
    return f"{cell['run']} *" if cell["own"] else str(cell["run"])


def _numbers(metrics: Mapping[str, Any]) -> dict[str, Cell]:
    """Return the single numbers, each with its interval where it has one; None where it is undefined."""
    return {
        name: value
        for name, value in with_intervals(metrics).items()
        if value is None or isinstance(value, int | float | Estimate)
    }


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(v, Mapping) for v in value.values())
