"""The parts that the pages of comparisons and sweeps share: costs, the list of trials, and the provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from attrs import frozen

from nasframe.report.document import Section
from nasframe.report.markup import details, esc, facts, flat, number, preformatted, table

__all__ = [
    "COSTS",
    "Cost",
    "current_names",
    "made_section",
    "point_text",
    "title_of",
    "trials_section",
    "unit_of",
    "value_of",
]

Unit = Literal["count", "s", ""]


@frozen
class Cost:
    """A metric of which less is better.

    Attributes:
        title: its name for people.
        unit: `count`, or `s` for seconds.
        paths: where the record of a trial has it; the first that is there counts.
    """

    title: str
    unit: Unit
    paths: Sequence[tuple[str, str]]


COSTS: Mapping[str, Cost] = {
    "parameters": Cost("parameters", "count", [("test", "parameters")]),
    "multiply_adds": Cost("multiply-adds", "count", [("test", "multiply_adds")]),
    # `search` has the time of all its epochs, `seconds` that of the last attempt
    "search_seconds": Cost("search", "s", [("search", "seconds"), ("seconds", "search")]),
}
"""The name of a metric in the record of a study → the cost that it is. Every other metric is the task's."""

_FORMER_NAMES = {"cells": "trials", "remarks": "caveats"}


def current_names(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a `comparison.json` or `sweep.json` with the keys that it had in earlier versions renamed."""
    return {_FORMER_NAMES.get(key, key): value for key, value in found.items()}


def value_of(trial: Mapping[str, Any], metric: str) -> float | None:
    """Return a metric of a finished trial; None where it has none."""
    if trial["status"] != "done":
        return None
    paths = COSTS[metric].paths if metric in COSTS else [("test", metric)]
    values = ((trial.get(part) or {}).get(name) for part, name in paths)
    found = next((value for value in values if value is not None), None)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def unit_of(metric: str) -> Unit:
    """Return the unit in which a metric is shown: seconds, a count, or none."""
    return COSTS[metric].unit if metric in COSTS else ""


def point_text(point: Mapping[str, Any]) -> str:
    """Return the short names of the options with their values: `temperature = 0.1, samples = 10`."""
    return ", ".join(f"{key.rpartition('.')[2]} = {value}" for key, value in point.items())


def title_of(metric: str) -> str:
    """Return the name of a metric for people."""
    return COSTS[metric].title if metric in COSTS else metric.replace("_", " ")


def trials_section(
    trials: Sequence[Mapping[str, Any]], metrics: Sequence[str], failures: Mapping[str, str] | None = None
) -> Section:
    """Return the section with every trial, and the messages of those that failed.

    Args:
        trials: results of the runs.
        metrics: shown of each.
        failures: name → message of what else failed, such as the training of a baseline.
    """
    failed = {trial["name"]: trial.get("error") for trial in trials if trial["status"] == "failed"}
    unfinished = sum(trial["status"] == "open" for trial in trials)
    content = f"<p>{len(trials) - len(failed) - unfinished} of {len(trials)} trials are done"
    content += f", {unfinished} not begun or not finished" if unfinished else ""
    content += f', <span class="bad">{len(failed)} failed</span>.</p>' if failed else ".</p>"
    messages_by_name = {**failed, **{name: error for name, error in (failures or {}).items() if error}}
    messages = "".join(
        f"<li><strong>{esc(name)}</strong><pre>{esc(error or 'no message')}</pre></li>"
        for name, error in messages_by_name.items()
    )
    content += f'<ul class="failed">{messages}</ul>' if messages else ""
    rows = [
        [
            esc(trial["name"]),
            f'<span class="{"bad" if trial["status"] == "failed" else ""}">{esc(trial["status"])}</span>',
            number(trial.get("seed")),
            *(
                "—"
                if (value := value_of(trial, metric)) is None
                else number(value, f"{trial['name']}/{metric}", unit_of(metric))
                for metric in metrics
            ),
            f"<code>{esc((trial.get('architecture') or '')[:12])}</code>",
        ]
        for trial in trials
    ]
    columns = ["trial", "state", "seed", *map(title_of, metrics), "architecture"]
    listing = table(columns, rows, caption="Every trial", classes="sortable")
    return Section("Trials", content + (details("Every trial", listing) if len(trials) > 12 else listing))


def made_section(data: Mapping[str, Any]) -> Section:
    """Return the section with the experiment, the versions and the data."""
    made = {**flat(data.get("versions") or {}), "data": data.get("data")}
    experiment = preformatted(data.get("experiment") or "", "The experiment")
    return Section("Made with", facts(made) + details("The experiment, resolved", experiment))
