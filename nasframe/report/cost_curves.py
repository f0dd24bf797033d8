"""The charts of the objective on the test split against the cost of finding a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.display import Estimate, Figure, Line, LineChart

__all__ = ["cost_figures"]

_COSTS = {"trainings": "cost, in trainings", "seconds": "cost, in seconds"}

_CAPTION = (
    "The cost of finding a network, with its final training. Random search takes the best of its first "
    "architectures on validation; what a search had found before its end was not tested."
)


def cost_figures(data: Mapping[str, Any]) -> list[Figure]:
    """Return a chart over the trainings and one over the seconds, given a record with current names.

    A record of an earlier version has no curves, and the charts are empty.
    """
    several = len(data["seeds"]) > 1
    points = [point for curve in data["cost_curves"] for point in curve["points"]]
    ends = {cost: max((point.get(cost) or 0.0 for point in points), default=0.0) for cost in _COSTS}
    return [
        LineChart(
            name=f"cost-{cost}",
            title=f"{data['objective']} on the test split over the {title}",
            x=title,
            y=f"{data['objective']}, test",
            x_low=0.0,
            x_high=1.05 * ends[cost] or None,
            lines=[_line(curve["name"], curve["points"], cost) for curve in data["cost_curves"]],
            caption=_CAPTION + (" Bars: 95 % intervals over the seeds." if several else ""),
        )
        for cost, title in _COSTS.items()
    ]


def _line(name: str, points: Sequence[Mapping[str, Any]], cost: str) -> Line:
    known = [(point[cost], Estimate.read(point["test"])) for point in points if point.get(cost) is not None]
    found = [(x, test, test.mean) for x, test in known if test.mean is not None]
    ends = [test.interval or (mean, mean) for _, test, mean in found]
    spread = any(test.interval for _, test, _ in found)
    return Line(
        name,
        [(x, mean) for x, _, mean in found],
        [low for low, _ in ends] if spread else (),
        [high for _, high in ends] if spread else (),
        has_bars=True,
    )
