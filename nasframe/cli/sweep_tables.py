"""The output of `sweep`: a grid where there are two axes, else a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any

from nasframe.runtime import format_number, print_columns

__all__ = ["print_sweep"]


def print_sweep(result: Mapping[str, Any]) -> None:
    """Print a grid for the objective and one for the parameters where there are two axes, else a list."""
    # a seed that is an axis is no repetition
    seeds = 1 if any(axis["key"] == "seed" for axis in result["axes"]) else len(result["seeds"])
    mean = "" if seeds == 1 else f", mean of {seeds} seeds"
    for metric in (result["objective"], "parameters"):
        if len(result["axes"]) == 2:
            print(f"\n{metric} on the test split{mean}" if metric != "parameters" else f"\n{metric}{mean}")
            print_columns(_grid(result, metric), indent="  ")
    if len(result["axes"]) != 2:
        print(f"\non the test split{mean}")
        print_columns(_list(result), indent="  ")


def _grid(result: Mapping[str, Any], metric: str) -> list[tuple[str, ...]]:
    rows, columns = result["axes"]
    heads = (f"{_short(rows)} \\ {_short(columns)}", *(f"{value!s:>9}" for value in columns["values"]))
    return [
        heads,
        *(
            (
                str(row),
                *(
                    _shown(metric, _values(result, metric, {rows["key"]: row, columns["key"]: column}))
                    for column in columns["values"]
                ),
            )
            for row in rows["values"]
        ),
    ]


def _list(result: Mapping[str, Any]) -> list[tuple[str, ...]]:
    keys = {axis["key"]: _short(axis) for axis in result["axes"]}
    metrics = (result["objective"], "parameters", "multiply_adds", "search_seconds")
    points: list[Mapping[str, Any]] = []
    for trial in result["trials"]:
        points += [] if trial["point"] in points else [trial["point"]]
    return [
        (*keys.values(), *(f"{name:>9}" for name in metrics)),
        *(
            (
                *(str(point[key]) for key in keys),
                *(f"{_shown(name, _values(result, name, point)):>{len(name)}}" for name in metrics),
            )
            for point in points
        ),
    ]


def _short(axis: Mapping[str, Any]) -> str:
    return str(axis["key"]).removesuffix(".name").rpartition(".")[2]


def _values(result: Mapping[str, Any], metric: str, point: Mapping[str, Any]) -> list[float]:
    """Return the metric of every finished trial of a point."""
    read: Callable[[Mapping[str, Any]], Any] = lambda trial: (trial["test"] or {}).get(metric)  # noqa: E731
    if metric == "search_seconds":
        read = lambda trial: (trial["search"] or {}).get("seconds")  # noqa: E731
    found = [
        read(trial) for trial in result["trials"] if trial["point"] == point and trial["status"] == "done"
    ]
    return [value for value in found if value is not None]


def _shown(metric: str, values: Sequence[float]) -> str:
    from nasframe.report import unit_of

    if not values:
        return f"{'-':>9}"
    mean = fmean(values)
    return f"{format_number(round(mean) if unit_of(metric) == 'count' else mean):>9}"
