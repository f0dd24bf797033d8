"""The sections that the pages of comparisons and sweeps share: every trial, and how the study was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.report.costs import title_of, unit_of, value_of
from nasframe.report.document import Section
from nasframe.report.markup import details, esc, facts, flat, number, preformatted, table

__all__ = ["current_names", "made_section", "point_text", "trials_section"]

_FORMER_NAMES = {"cells": "trials", "remarks": "caveats"}


def current_names(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a `comparison.json` or `sweep.json` with the keys that it had in earlier versions renamed."""
    return {_FORMER_NAMES.get(key, key): value for key, value in found.items()}


def point_text(point: Mapping[str, Any]) -> str:
    """Return the short names of the options with their values: `temperature = 0.1, samples = 10`."""
    return ", ".join(f"{key.rpartition('.')[2]} = {value}" for key, value in point.items())


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
