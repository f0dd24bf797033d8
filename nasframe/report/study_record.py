"""The record of a study as its pages read it: earlier versions' keys renamed, and what is missing empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from nasframe.display import Column, Estimate, Table, flatten
from nasframe.report.costs import title_of, unit_of, value_of
from nasframe.report.page import Tile

__all__ = [
    "chosen_tiles",
    "current_names",
    "made_values",
    "metric_columns",
    "point_text",
    "rows_by_name",
    "trial_counts",
    "trials_table",
]

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
    "caveats": (),
    "chosen": None,
    "failed": {},
    "experiment": "",
    "versions": {},
}


def current_names(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a study with the keys of this version; a key that it lacks has an empty value."""
    renamed = {_FORMER_NAMES.get(key, key): value for key, value in found.items()}
    return {**_EMPTY, **{key: value for key, value in renamed.items() if value is not None}}


def point_text(point: Mapping[str, Any]) -> str:
    """Return the short names of the options with their values: `temperature = 0.1, samples = 10`."""
    return ", ".join(f"{key.rpartition('.')[2]} = {value}" for key, value in point.items())


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
        by_point.setdefault(point_text(trial["point"]), []).append(trial)
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


def metric_columns(data: Mapping[str, Any], *, with_validation: bool) -> list[Column]:
    """Return the columns of a study's metrics: the largest objective and the smallest costs are the best."""
    objective = data["objective"]
    columns = [Column("validation", f"{objective}, validation", best="largest")] if with_validation else []
    for metric in data["metrics"]:
        best = "largest" if metric == objective else "smallest" if unit_of(metric) else ""
        columns.append(Column(metric, title_of(metric), unit_of(metric), best))  # type: ignore[arg-type]
    return columns


def chosen_tiles(data: Mapping[str, Any]) -> list[Tile]:
    """Return the tiles of what validation chose, with its score on both splits; none where there is none."""
    chosen, objective = data["chosen"], data["objective"]
    if not chosen:
        return []
    point = next((row.get("point") for row in data["rows"] if row["name"] == chosen["name"]), None)
    scores = {split: Estimate.read(chosen.get(split)) for split in ("validation", "test")}
    return [
        Tile("chosen by validation", point_text(point) if point else str(chosen["name"])),
        *(Tile(f"{objective}, {split}", score) for split, score in scores.items()),
    ]


def trials_table(data: Mapping[str, Any]) -> Table:
    """Return the table of every trial."""
    metrics = [Column(metric, title_of(metric), unit_of(metric)) for metric in data["metrics"]]
    columns = [Column("trial"), Column("state"), Column("seed"), *metrics, Column("architecture")]
    rows = [
        [
            trial["name"],
            trial["status"],
            trial.get("seed"),
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
    """Return the versions and the fingerprint of the data."""
    return {**flatten(data["versions"]), "data": data.get("data")}
