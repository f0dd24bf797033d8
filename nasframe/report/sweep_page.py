"""The page of a sweep: the objective and the size at each point of the grid."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from nasframe.report.charts import value_grid
from nasframe.report.charts.lines import Line, line_chart
from nasframe.report.costs import COSTS, title_of, unit_of, value_of
from nasframe.report.document import Section, html_page
from nasframe.report.markup import esc, number, shown, table, tiles
from nasframe.report.study_sections import current_names, made_section, point_text, trials_section
from nasframe.runtime import write_text

__all__ = ["write_sweep_page"]

_MOST_GRIDS = 12

Values = list[float]


def write_sweep_page(data: Mapping[str, Any], folder: Path) -> None:
    """Write `report.html` of a sweep into its folder.

    Args:
        data: the content of `sweep.json`.
        folder: of the sweep, with the runs of its trials in it.
    """
    data = current_names(data)
    sections = [
        Section("The grid", _grid(data)),
        Section("Every point", _points(data)),
        trials_section(data["trials"], data["metrics"]),
        made_section(data),
    ]
    axes = " × ".join(f"{axis['key']} ({len(axis['values'])})" for axis in data["axes"])
    seeds = len(data["seeds"])
    # where the seed is an axis, it is no repetition
    each = f", {seeds} {'seed' if seeds == 1 else 'seeds'} each" * all(
        axis["key"] != "seed" for axis in data["axes"]
    )
    about = f"{axes}{each}"
    write_text(
        folder / "report.html", html_page(f"Sweep: {data['title']}", about, sections, lead=_lead(data))
    )


def _shown_metrics(data: Mapping[str, Any]) -> list[str]:
    return [data["objective"], *(["parameters"] if "parameters" in data["metrics"] else [])]


def _lead(data: Mapping[str, Any]) -> str:
    objective = data["objective"]
    means = {text: fmean(found) for text, found in _by_point(data, objective).items() if found}
    if not means:
        return ""
    best = max(means, key=lambda text: means[text])
    done = sum(trial["status"] == "done" for trial in data["trials"])
    return tiles(
        {
            f"largest {objective} on the test split": number(means[best]),
            "at (choose options by validation, not by test)": f'<span class="small">{esc(best)}</span>',
            "trials done": f"{done} of {len(data['trials'])}",
        }
    )


def _grid(data: Mapping[str, Any]) -> str:
    axes = data["axes"]
    if len(axes) == 1:
        return f'<div class="grid">{"".join(_line(data, metric) for metric in _shown_metrics(data))}</div>'
    others = [[(axis["key"], value) for value in axis["values"]] for axis in axes[2:]]
    combinations = list(itertools.product(*others))
    if len(combinations) > _MOST_GRIDS:
        return (
            f'<p class="note">{len(axes)} axes make {len(combinations)} grids, too many to look at; sort the '
            "table below by any column.</p>"
        )
    charts = []
    for metric in _shown_metrics(data):
        tables = {fixed: _values(data, metric, dict(fixed)) for fixed in combinations}
        known = [value for rows in tables.values() for row in rows for value in row if value is not None]
        scale = (min(known), max(known)) if known else None
        for fixed, values in tables.items():
            where = f", {point_text(dict(fixed))}" if fixed else ""
            charts.append(
                value_grid(
                    values,
                    title=f"{title_of(metric)}{where}",
                    rows=(_short(axes[0]), [_text(value) for value in axes[0]["values"]]),
                    columns=(_short(axes[1]), [_text(value) for value in axes[1]["values"]]),
                    notes=_notes(data, dict(fixed)),
                    largest_is_best=metric not in COSTS,
                    show=functools.partial(shown, unit=unit_of(metric)),
                    scale=scale,
                )
            )
    note = (
        f'<p class="note">Means over the seeds. Darker is larger; framed is the best mean (largest '
        f"{esc(data['objective'])}, fewest parameters), which need not be significantly better than its "
        "neighbours.</p>"
    )
    return f'{note}<div class="grid">{"".join(charts)}</div>'


def _line(data: Mapping[str, Any], metric: str) -> str:
    axis = data["axes"][0]
    points, dots = [], []
    for place, value in enumerate(axis["values"]):
        found = _found(data, metric, {axis["key"]: value})
        dots += [(float(place), item) for item in found]
        if found:
            points.append((float(place), fmean(found)))
    names = [(float(place), _text(value)) for place, value in enumerate(axis["values"])]
    several = len(data["seeds"]) > 1
    return line_chart(
        [Line("mean", points, dots=dots if several else ())],
        title=title_of(metric),
        x=axis["key"],
        y=title_of(metric),
        names=names,
        caption="Full: the mean over the seeds. Open: single seeds." if several else "",
    )


def _points(data: Mapping[str, Any]) -> str:
    rows = []
    for text, trials in _trials_by_point(data).items():
        values = []
        for metric in data["metrics"]:
            found = [value for trial in trials if (value := value_of(trial, metric)) is not None]
            values.append(number(fmean(found), f"{text}/{metric}", unit_of(metric)) if found else "—")
        done = sum(trial["status"] == "done" for trial in trials)
        rows.append([esc(text), f"{done} of {len(trials)}", *values])
    columns = ["", "seeds done", *map(title_of, data["metrics"])]
    return table(
        columns, rows, caption="On the test split: means over the seeds that are done", classes="sortable"
    )


def _values(data: Mapping[str, Any], metric: str, fixed: Mapping[str, Any]) -> list[list[float | None]]:
    first, second = data["axes"][:2]
    return [
        [
            fmean(found)
            if (found := _found(data, metric, {first["key"]: a, second["key"]: b, **fixed}))
            else None
            for b in second["values"]
        ]
        for a in first["values"]
    ]


def _notes(data: Mapping[str, Any], fixed: Mapping[str, Any]) -> list[list[str]]:
    """Return the states of the trials, such as `failed`, to be shown where there is no number."""
    first, second = data["axes"][:2]
    return [
        [
            ", ".join(
                sorted({trial["status"] for trial in _at(data, {first["key"]: a, second["key"]: b, **fixed})})
            )
            for b in second["values"]
        ]
        for a in first["values"]
    ]


def _at(data: Mapping[str, Any], point: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [trial for trial in data["trials"] if all(trial["point"].get(key) == point[key] for key in point)]


def _found(data: Mapping[str, Any], metric: str, point: Mapping[str, Any]) -> Values:
    return [value for trial in _at(data, point) if (value := value_of(trial, metric)) is not None]


def _trials_by_point(data: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for trial in data["trials"]:
        found.setdefault(point_text(trial["point"]), []).append(trial)
    return found


def _by_point(data: Mapping[str, Any], metric: str) -> dict[str, Sequence[float]]:
    return {
        text: [value for trial in trials if (value := value_of(trial, metric)) is not None]
        for text, trials in _trials_by_point(data).items()
    }


def _short(axis: Mapping[str, Any]) -> str:
    return str(axis["key"]).rpartition(".")[2]


def _text(value: Any) -> str:
    return shown(value) if isinstance(value, bool | list | tuple) else str(value)
