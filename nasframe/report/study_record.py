"""The record of a study as its pages read it: earlier versions' keys renamed, and what is missing empty."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, Literal

from nasframe.display import Cell, Column, Estimate, Table, flatten
from nasframe.report.costs import COSTS, heading_of, unit_of, value_of
from nasframe.report.machines import machine_facts
from nasframe.report.page import Tile

__all__ = [
    "CHOSEN",
    "MEANS",
    "axis_cells",
    "axis_columns",
    "axis_titles",
    "bold_in_words",
    "chosen_tiles",
    "current_names",
    "made_values",
    "metric_columns",
    "point_text",
    "present_names",
    "rows_by_name",
    "trial_counts",
    "trials_table",
    "value_text",
]

MEANS = "mean [95 % interval over the seeds]"
CHOSEN = "> chosen on validation"
"""Explanations of the signs in the tables of studies."""

_FORMER_NAMES = {"cells": "trials", "remarks": "caveats", "censuses": "tables"}
_EMPTY: Mapping[str, Any] = {
    "title": "",
    "objective": "",
    "metrics": (),
    "seeds": (),
    "variants": (),
    "axes": (),
    "trials": (),
    "rows": (),
    "tests": (),
    "gap": (),
    "tables": (),
    "cost_curves": (),
    "baselines": (),
    "caveats": (),
    "chosen": None,
    "failed": {},
    "experiment": "",
    "versions": {},
    "machines": (),
}


def current_names(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a study with the keys of this version; a key that it lacks has an empty value."""
    return {**_EMPTY, **present_names(found)}


def present_names(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a record that have a value, by the names of this version."""
    return {_FORMER_NAMES.get(key, key): value for key, value in found.items() if value is not None}


def axis_titles(data: Mapping[str, Any]) -> dict[str, str]:
    """Return dotted key → short name of each axis; records of earlier versions have the key alone."""
    return {axis["key"]: axis.get("title") or _last(axis["key"]) for axis in data["axes"]}


def _last(key: str) -> str:
    return key.removesuffix(".name").rpartition(".")[2]


def point_text(point: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """Return the options with their values, as they are written on the command line: `temperature=0.1`."""
    return ",".join(f"{titles.get(key, _last(key))}={value_text(value)}" for key, value in point.items())


def value_text(value: Any) -> str:
    """Return the value of an option as TOML has it, a text without its quotes.

    Example:
        >>> value_text(True), value_text([1, "a"]), value_text("softmax")
        ('true', '[1, "a"]', 'softmax')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def axis_columns(data: Mapping[str, Any]) -> list[Column]:
    """Return a column of CSV and JSON for each axis, by its key; people read the name of the point."""
    return [Column(axis["key"], only="files") for axis in data["axes"]]


def axis_cells(data: Mapping[str, Any], point: Mapping[str, Any]) -> list[Cell]:
    """Return the values of a point in the columns of the axes."""
    values = (point.get(axis["key"]) for axis in data["axes"])
    return [value if isinstance(value, bool | int | float | None) else value_text(value) for value in values]


def rows_by_name(data: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return name → row, with `values` and `validation` as estimates by metric.

    A sweep of an earlier version has no rows: those of its points are made of its trials, without intervals.
    """
    rows: dict[str, Mapping[str, Any]] = {
        row["name"]: {
            **row,
            "values": {metric: Estimate.read(value) for metric, value in (row.get("values") or {}).items()},
            "validation": Estimate.read(row.get("validation")),
        }
        for row in data["rows"]
    }
    if rows:
        return rows
    by_point: dict[str, list[Mapping[str, Any]]] = {}
    for trial in data["trials"]:
        by_point.setdefault(point_text(trial["point"], axis_titles(data)), []).append(trial)
    return {
        name: {
            "name": name,
            "kind": "point",
            "point": trials[0]["point"],
            "values": {metric: _mean(trials, metric) for metric in data["metrics"]},
            "validation": Estimate(None),
        }
        for name, trials in by_point.items()
    }


def _mean(trials: Sequence[Mapping[str, Any]], metric: str) -> Estimate:
    by_seed = {str(trial["seed"]): value_of(trial, metric) for trial in trials}
    known = [value for value in by_seed.values() if value is not None]
    return Estimate(fmean(known) if known else None, by_seed=by_seed)


def bold_in_words(objective: str, *, validated: bool = True) -> str:
    """Return the sentence on the numbers of `metric_columns` that stand in bold."""
    first = f"the largest {objective} on validation, " if validated else ""
    return f"Bold: {first}the smallest network, and the shortest search."


def metric_columns(data: Mapping[str, Any], *, with_validation: bool) -> list[Column]:
    """Return the columns of a study's metrics: the largest validation and the smallest costs are the best.

    The best mean on the test split is not what anybody should choose, so none is.
    """
    columns = [validation_column(data, best="largest")] if with_validation else []
    for metric in data["metrics"]:
        cost = COSTS.get(metric)
        best: Literal["", "smallest"] = "smallest" if cost is not None and cost.of_network else ""
        columns.append(Column(metric, heading_of(metric), unit_of(metric), best))
    return columns


def validation_column(data: Mapping[str, Any], best: Literal["", "largest"] = "") -> Column:
    """Return the column of the objective on the validation split."""
    return Column(f"{data['objective']}_validation", f"{data['objective']}, validation", best=best)


def chosen_tiles(data: Mapping[str, Any]) -> list[Tile]:
    """Return the tiles of what validation chose, with its score on both splits; none where there is none."""
    chosen, objective = data["chosen"], data["objective"]
    if not chosen:
        return []
    scores = {split: Estimate.read(chosen.get(split)) for split in ("validation", "test")}
    return [
        Tile("chosen by validation", str(chosen["name"])),
        *(Tile(f"{objective}, {split}", score) for split, score in scores.items()),
    ]


def trials_table(data: Mapping[str, Any]) -> Table:
    """Return the table of every trial."""
    metrics = [Column(metric, heading_of(metric), unit_of(metric)) for metric in data["metrics"]]
    columns = [Column("trial"), *axis_columns(data), Column("state"), Column("seed", unit="setting")]
    columns += [validation_column(data), *metrics, Column("architecture")]
    rows: list[list[Cell]] = [
        [
            trial["name"],
            *axis_cells(data, trial.get("point") or {}),
            trial["status"],
            trial.get("seed"),
            (trial.get("validation") or {}).get("trained"),
            *(value_of(trial, metric) for metric in data["metrics"]),
            (trial.get("architecture") or "")[:12],
        ]
        for trial in data["trials"]
    ]
    return Table("trials", "Every trial", columns, rows)


def trial_counts(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the number of trials by their state, and the messages of all that failed."""
    states = [trial["status"] for trial in data["trials"]]
    failed = {trial["name"]: trial.get("error") for trial in data["trials"] if trial["status"] == "failed"}
    others = {name: error for name, error in data["failed"].items() if error}
    return {
        "count": len(states),
        "done": states.count("done"),
        "unfinished": states.count("open"),
        "failed_trials": len(failed),
        "failed": {**failed, **others},
    }


def made_values(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the versions, the fingerprint of the data, and the machines."""
    machines = machine_facts(data["machines"])
    return {**flatten(data["versions"]), "data": data.get("data"), **machines}
