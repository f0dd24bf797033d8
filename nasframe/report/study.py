"""What the pages of comparisons and sweeps share: the cells, how they ended, and what they were made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.report.document import Section
from nasframe.report.markup import details, esc, facts, flat, number, preformatted, table

__all__ = ["COSTS", "cells_section", "made_section", "point_text", "unit_of", "value_of", "words"]

COSTS = ("parameters", "multiply_adds", "search_seconds")
"""Of these less is better."""


def value_of(cell: Mapping[str, Any], metric: str) -> float | None:
    """A metric of a finished cell, None where it has none. `search_seconds` is the time of the search."""
    if cell["status"] != "done":
        return None
    if metric == "search_seconds":
        # `seconds` is what the last attempt took, `search` what its epochs took together
        found = (cell.get("search") or {}).get("seconds") or (cell.get("seconds") or {}).get("search")
    else:
        found = (cell.get("test") or {}).get(metric)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def unit_of(metric: str) -> str:
    """How a metric is shown: in seconds, as a count, or as it is."""
    if metric == "search_seconds":
        return "s"
    return "count" if metric in ("parameters", "multiply_adds") else ""


def point_text(point: Mapping[str, Any]) -> str:
    """`temperature = 0.1, samples = 10`: the short names of the options, and their values."""
    return ", ".join(f"{key.rpartition('.')[2]} = {value}" for key, value in point.items())


def words(metric: str) -> str:
    """The name of a metric for people."""
    return {"search_seconds": "search", "multiply_adds": "multiply-adds"}.get(
        metric, metric.replace("_", " ")
    )


def cells_section(
    cells: Sequence[Mapping[str, Any]], metrics: Sequence[str], failures: Mapping[str, str] | None = None
) -> Section:
    """Every cell, and the messages of those that failed.

    Args:
        cells: results of the runs.
        metrics: shown of each.
        failures: name → message of what else failed, such as the training of a baseline.
    """
    failed = {cell["name"]: cell.get("error") for cell in cells if cell["status"] == "failed"}
    unfinished = sum(cell["status"] == "open" for cell in cells)
    content = f"<p>{len(cells) - len(failed) - unfinished} of {len(cells)} cells are done"
    content += f", {unfinished} not begun or not finished" if unfinished else ""
    content += f', <span class="bad">{len(failed)} failed</span>.</p>' if failed else ".</p>"
    message_of = {**failed, **{name: error for name, error in (failures or {}).items() if error}}
    messages = "".join(
        f"<li><strong>{esc(name)}</strong><pre>{esc(error or 'no message')}</pre></li>"
        for name, error in message_of.items()
    )
    content += f'<ul class="failed">{messages}</ul>' if messages else ""
    rows = [
        [
            esc(cell["name"]),
            f'<span class="{"bad" if cell["status"] == "failed" else ""}">{esc(cell["status"])}</span>',
            number(cell.get("seed")),
            *(
                "—"
                if (value := value_of(cell, metric)) is None
                else number(value, f"{cell['name']}/{metric}", unit_of(metric))
                for metric in metrics
            ),
            f"<code>{esc((cell.get('architecture') or '')[:12])}</code>",
        ]
        for cell in cells
    ]
    columns = ["cell", "state", "seed", *map(words, metrics), "architecture"]
    listing = table(columns, rows, caption="Every cell", classes="sortable")
    return Section("Cells", content + (details("Every cell", listing) if len(cells) > 12 else listing))


def made_section(data: Mapping[str, Any]) -> Section:
    """The experiment, the versions and the data."""
    made = {**flat(data.get("versions") or {}), "data": data.get("data")}
    experiment = preformatted(data.get("experiment") or "", "The experiment")
    return Section("Made with", facts(made) + details("The experiment, resolved", experiment))
