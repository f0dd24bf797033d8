"""The page of a sweep: the objective on both splits, and the size, at each point of the grid."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.display import (
    Cell,
    Column,
    Estimate,
    Figure,
    Line,
    LineChart,
    Table,
    Unit,
    ValueGrid,
)
from nasframe.report.costs import title_of, unit_of
from nasframe.report.methods import study_methods
from nasframe.report.page import Page, Tile, make_page
from nasframe.report.search_courses import course_figures, study_courses
from nasframe.report.study_record import (
    CHOSEN,
    MEANS,
    axis_cells,
    axis_columns,
    axis_titles,
    bold_in_words,
    chosen_tiles,
    current_names,
    made_values,
    metric_columns,
    point_text,
    rows_by_name,
    trial_counts,
    trials_table,
    value_text,
)
from nasframe.report.trial_links import linked_to_trials
from nasframe.runtime import counted

__all__ = ["sweep_figures", "sweep_page", "sweep_tables", "write_sweep_page"]

_MOST_GRIDS = 12

Rows = Mapping[str, Mapping[str, Any]]


def write_sweep_page(data: Mapping[str, Any], folder: Path) -> None:
    """Write `report.html` of a sweep into its folder; `data` is the content of `sweep.json`."""
    sweep_page(data, folder).write(folder)


def sweep_page(data: Mapping[str, Any], folder: Path | None = None) -> Page:
    """Return the page of a sweep, given the content of `sweep.json`, and its folder for links to its runs."""
    data = current_names(data)
    axes, seeds, grids = data["axes"], len(data["seeds"]), len(_combinations(data))
    counts = trial_counts(data)
    titles = axis_titles(data)
    about = " × ".join(f"{titles[axis['key']]} ({len(axis['values'])})" for axis in axes)
    if all(axis["key"] != "seed" for axis in axes):
        about += f", {counted(seeds, 'seed')} each"
    many = (
        f"{len(axes)} axes make {grids} grids, too many to look at; sort the table below by any column."
        if grids > _MOST_GRIDS
        else ""
    )
    note = (
        "Means over the seeds, each with its 95 % interval. A larger mean need not be significantly better."
        if _has_means(data)
        else "One seed at each point: a larger value may be luck."
    )
    if len(axes) > 1:
        note += " Darker is larger."
        note += " Framed: the point that validation chose." if data["chosen"] else ""
    return make_page(
        "sweep.html",
        title=f"Sweep of {data['title']}",
        about=about,
        tables=linked_to_trials(sweep_tables(data), data, folder),
        figures=[
            *([] if many or not axes else sweep_figures(data)),
            *course_figures(study_courses(data, folder), data["objective"]),
        ],
        lead=[*chosen_tiles(data), Tile("trials done", f"{counts['done']} of {counts['count']}")],
        caveats=data["caveats"],
        too_many=many,
        note=note,
        trials=counts,
        made=made_values(data),
        experiment=data["experiment"],
        methods=study_methods(data, folder),
    )


def sweep_tables(data: Mapping[str, Any]) -> list[Table]:
    """Return the tables `points` and `trials` of a sweep, given the content of `sweep.json`."""
    data = current_names(data)
    rows = rows_by_name(data)
    validated = any(row["validation"].mean is not None for row in rows.values())
    cells: list[list[Cell]] = []
    for row in rows.values():
        states = [trial["status"] for trial in _trials(data, row["point"])]
        values = [row["values"].get(metric, Estimate(None)) for metric in data["metrics"]]
        first = [row["validation"]] if validated else []
        done = f"{states.count('done')} of {len(states)}"
        cells.append([row["name"], *axis_cells(data, row["point"]), *first, *values, done])
    columns = [Column("point"), *axis_columns(data), *metric_columns(data, with_validation=validated)]
    columns.append(Column("done", "seeds done"))
    chosen = (data["chosen"] or {}).get("name")
    choose = "Choose options by validation: the test split is for what was chosen. " if validated else ""
    note = choose + bold_in_words(data["objective"], validated=validated)
    several = _has_means(data)
    return [
        Table(
            "points",
            "Means over the seeds that are done, with 95 % intervals"
            if several
            else "One seed at each point",
            columns,
            cells,
            f"{note} Marked: {chosen}." if chosen in rows else note,
            [place for place, name in enumerate(rows) if name == chosen],
            [*([MEANS] if several else []), *([CHOSEN] if chosen in rows else [])],
        ),
        trials_table(data),
    ]


def sweep_figures(data: Mapping[str, Any]) -> list[Figure]:
    """Return a chart of each measure over one axis, or grids of the first two axes."""
    data = current_names(data)
    rows, objective = rows_by_name(data), data["objective"]
    measures: dict[str, tuple[str, Unit]] = {
        "validation": (f"{objective} on validation", ""),
        objective: (f"{objective} on the test split", ""),
        "parameters": (title_of("parameters"), unit_of("parameters")),
    }
    known = {"validation", *data["metrics"]}
    if all(row["validation"].mean is None for row in rows.values()):
        known.remove("validation")
    draw = _line if len(data["axes"]) == 1 else _grids
    return [
        figure
        for measure, (title, unit) in measures.items()
        if measure in known
        for figure in draw(data, rows, measure, title, unit)
    ]


def _has_means(data: Mapping[str, Any]) -> bool:
    """Return True where a point has several seeds; a seed that is an axis is no repetition."""
    return len(data["seeds"]) > 1 and all(axis["key"] != "seed" for axis in data["axes"])


def _line(data: Mapping[str, Any], rows: Rows, measure: str, title: str, unit: Unit) -> list[Figure]:
    (axis,) = data["axes"]
    found = [_at(rows, measure, {axis["key"]: value}) for value in axis["values"]]
    known = [(float(place), value, value.mean) for place, value in enumerate(found) if value.mean is not None]
    ends = [value.interval or (mean, mean) for _, value, mean in known]
    spread = any(value.interval for _, value, _ in known)
    several = _has_means(data)
    caption = "Full: the mean over the seeds with its 95 % interval. Open: single seeds." if several else ""
    dots = [(place, seed) for place, value, _ in known for seed in value.by_seed.values() if seed is not None]
    line = Line(
        "mean",
        [(place, mean) for place, _, mean in known],
        [low for low, _ in ends] if spread else (),
        [high for _, high in ends] if spread else (),
        dots if several else (),
        has_bars=True,
    )
    return [
        LineChart(
            name=measure,
            title=title,
            x=axis_titles(data)[axis["key"]],
            y=title,
            x_names=[(float(place), value_text(value)) for place, value in enumerate(axis["values"])],
            lines=[line],
            caption=caption,
        )
    ]


def _grids(data: Mapping[str, Any], rows: Rows, measure: str, title: str, unit: Unit) -> list[Figure]:
    first, second = data["axes"][:2]
    grids = {
        fixed: [
            [_at(rows, measure, {first["key"]: a, second["key"]: b, **dict(fixed)}) for b in second["values"]]
            for a in first["values"]
        ]
        for fixed in _combinations(data)
    }
    known = [value.mean for grid in grids.values() for row in grid for value in row if value.mean is not None]
    chosen = rows.get((data["chosen"] or {}).get("name", ""))
    titles = axis_titles(data)
    figures: list[Figure] = []
    for number, (fixed, grid) in enumerate(grids.items()):
        where = f", {point_text(dict(fixed), titles)}" if fixed else ""
        figures.append(
            ValueGrid(
                name=f"{measure}-{number + 1}" if fixed else measure,
                title=f"{title}{where}",
                rows=(titles[first["key"]], [value_text(value) for value in first["values"]]),
                columns=(titles[second["key"]], [value_text(value) for value in second["values"]]),
                values=grid,
                keys=(first["key"], second["key"]),
                signs=[MEANS] if _has_means(data) else [],
                notes=[
                    [
                        _states(data, {first["key"]: a, second["key"]: b, **dict(fixed)})
                        for b in second["values"]
                    ]
                    for a in first["values"]
                ],
                framed=_place(chosen["point"], first, second, fixed) if chosen else None,
                unit=unit,
                extent=(min(known), max(known)) if known else None,
            )
        )
    return figures


def _place(
    point: Mapping[str, Any],
    first: Mapping[str, Any],
    second: Mapping[str, Any],
    fixed: Sequence[tuple[str, Any]],
) -> tuple[int, int] | None:
    """Return the row and column of a point in the grid of fixed values; None where it is in another."""
    if any(point.get(key) != value for key, value in fixed):
        return None
    return first["values"].index(point[first["key"]]), second["values"].index(point[second["key"]])


def _combinations(data: Mapping[str, Any]) -> list[tuple[tuple[str, Any], ...]]:
    """Return the values of the third axis and those after it, in every combination."""
    others = ([(axis["key"], value) for value in axis["values"]] for axis in data["axes"][2:])
    return list(itertools.product(*others))


def _at(rows: Rows, measure: str, point: Mapping[str, Any]) -> Estimate:
    for row in rows.values():
        if all(row["point"].get(key) == value for key, value in point.items()):
            found: Estimate = (
                row["validation"] if measure == "validation" else row["values"].get(measure, Estimate(None))
            )
            return found
    return Estimate(None)


def _trials(data: Mapping[str, Any], point: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [trial for trial in data["trials"] if all(trial["point"].get(key) == point[key] for key in point)]


def _states(data: Mapping[str, Any], point: Mapping[str, Any]) -> str:
    """Return the states of the trials, such as `failed`, to be shown where there is no number."""
    return ", ".join(sorted({trial["status"] for trial in _trials(data, point)}))
