"""The costs of a network and its search, and the metrics of a trial with their titles and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.display import Unit

__all__ = ["COSTS", "Cost", "heading_of", "title_of", "unit_of", "value_of"]


@frozen
class Cost:
    """A metric of which less is better.

    Attributes:
        title: its name for people.
        unit: `count`, `s` for seconds, or `short`.
        paths: where the record of a trial has it; the first that is there counts.
        of_network: True for one of the network that is found, False for one of finding it.
    """

    title: str
    unit: Unit
    paths: Sequence[tuple[str, str]]
    of_network: bool = True


COSTS: Mapping[str, Cost] = {
    "parameters": Cost("parameters", "count", [("test", "parameters")]),
    "multiply_adds": Cost("multiply-adds", "count", [("test", "multiply_adds")]),
    # `search` has the time of all its epochs, `seconds` that of the last attempt
    "search_seconds": Cost("search", "s", [("search", "seconds"), ("seconds", "search")]),
    "total_seconds": Cost("total cost", "s", [("cost", "seconds")], of_network=False),
    "cost_in_trainings": Cost("cost in trainings", "short", [("cost", "trainings")], of_network=False),
}
"""The name of a metric in the record of a study → the cost that it is. Every other metric is the task's."""


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


def heading_of(metric: str) -> str:
    """Return the name of a metric, with the split that it was measured on: `accuracy, test`."""
    return title_of(metric) if metric in COSTS else f"{title_of(metric)}, test"


def title_of(metric: str) -> str:
    """Return the name of a metric for people."""
    return COSTS[metric].title if metric in COSTS else metric.replace("_", " ")
