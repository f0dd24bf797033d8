"""The table of the searched network and its baselines, made from `test.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from nasframe.display import Cell, Column, Estimate, Table

__all__ = ["baseline_table"]

SEARCHED = "searched"


def baseline_table(test: Mapping[str, Any]) -> Table | None:
    """Return the table `baselines` for the content of a `test.json`; None where the run has no baselines.

    Its columns are the objective, the objective of each part by the first metric that has parts (the others
    have tables of their own), and `parameters`. Several random architectures
    share two rows: their mean, and the one that is best on the validation split, which a random search with
    as many trainings would find.
    """
    baselines: Mapping[str, Mapping[str, Any]] = test.get("baselines") or {}
    if not baselines:
        return None
    objective = test["objective"]
    paths = [path for path in _paths(test) if path[-1] == objective and path[0] != "baselines"]
    divided = next((path[0] for path in paths if len(path) > 1), None)
    paths = [path for path in paths if len(path) == 1 or path[0] == divided]
    paths = [*sorted(paths, key=len), ("parameters",)]

    def numbers(values: Mapping[str, Any]) -> list[float | None]:
        return [_at(values, path) for path in paths]

    def cells(values: Mapping[str, Any]) -> list[Cell]:
        """Return the numbers, that over all with its interval where there is one."""
        found: list[Cell] = [*numbers(values)]
        low, high = (_at(values, (f"{objective}_{end}",)) for end in ("low", "high"))
        if low is not None and high is not None and paths[0] == (objective,):
            found[0] = Estimate(_at(values, (objective,)), low, high, is_resampled=True)
        return found

    rows: dict[str, Sequence[Cell]] = {SEARCHED: cells(test)}
    drawn = [values for values in baselines.values() if "architecture" in values]
    if len(drawn) == 1:  # no mean, and nothing to choose from
        rows["random"] = cells(drawn[0])
    elif drawn:
        best = max(drawn, key=lambda values: _rank(values["validation"].get(objective)))
        names = [name for name, values in baselines.items() if "architecture" in values]
        columns = zip(*map(numbers, drawn), strict=True)
        rows[f"random, mean of {len(drawn)}"] = [
            _mean(dict(zip(names, found, strict=True))) for found in columns
        ]
        rows[f"random, best of {len(drawn)} on validation"] = cells(best)
    rows |= {name: cells(values) for name, values in baselines.items() if "architecture" not in values}
    several = len(drawn) > 1
    shown = [row for row in rows.values() if not (isinstance(row[0], Estimate) and row[0].is_range)]
    names = [path[-2] if len(path) > 1 else path[0] for path in paths]
    note = f"{_on_columns(objective, test, divided)}Every row was trained in the same way."
    if several:
        note += " Beside a mean stand the lowest and the highest of its values."
    return Table(
        "baselines",
        f"{objective} on the test split",
        [Column("network"), *(Column(name, unit="count" if name == "parameters" else "") for name in names)],
        [[name, *values] for name, values in rows.items()],
        note,
        marked=[0],
        signs=[
            *(["value [95 % interval]"] if any(isinstance(row[0], Estimate) for row in shown) else []),
            *(["mean (lowest…highest architecture)"] if several else []),
        ],
    )


def _on_columns(objective: str, test: Mapping[str, Any], divided: str | None) -> str:
    """Return a sentence on the columns that do not speak for themselves; nothing where all do."""
    words = []
    if divided is not None:
        words.append(f"{objective}, over all and for each part")
    if test.get("parameters_total", test["parameters"]) != test["parameters"]:
        words.append("parameters without frozen networks")
    return f"The columns: {', and '.join(words)}. " if words else ""


def _paths(values: Mapping[str, Any], before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for key, value in values.items():
        found += _paths(value, (*before, key)) if isinstance(value, Mapping) else [(*before, key)]
    return found


def _at(values: Mapping[str, Any], path: Sequence[str]) -> float | None:
    value: Any = values
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, int | float) else None


def _mean(values: Mapping[str, float | None]) -> Estimate:
    """Return the mean with the lowest and the highest value; undefined where one of them is."""
    known = [value for value in values.values() if value is not None]
    if len(known) < len(values):
        return Estimate(None, by_seed=values)
    mean = round(fmean(known)) if all(isinstance(value, int) for value in known) else fmean(known)
    return Estimate(mean, min(known), max(known), values, is_range=True)


def _rank(value: float | None) -> float:
    return -float("inf") if value is None else value
