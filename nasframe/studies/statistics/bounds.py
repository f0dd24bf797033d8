"""The bounds of quantities, within which the intervals of their means lie."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from nasframe.experiment import Experiment
from nasframe.report import COSTS

__all__ = ["CORRELATION", "PERCENTILE", "UNBOUNDED", "Bounds", "bounds_of"]

Bounds = tuple[float, float]
"""The smallest and the largest possible value of a quantity; infinite where there is none."""

UNBOUNDED: Bounds = (-math.inf, math.inf)
PERCENTILE: Bounds = (0.0, 100.0)
CORRELATION: Bounds = (-1.0, 1.0)
_COST: Bounds = (0.0, math.inf)


def bounds_of(experiments: Iterable[Experiment]) -> Mapping[str, Bounds]:
    """Return metric → bounds, as the tasks declare them, and those of the costs.

    Where two tasks disagree about a metric, the wider bounds count.
    """
    found: dict[str, Bounds] = {}
    for task in {id(type(item.task)): item.task for item in experiments}.values():
        for metric, (low, high) in task.bounds.items():
            known = found.get(metric, (low, high))
            found[metric] = min(known[0], low), max(known[1], high)
    return {**found, **dict.fromkeys(COSTS, _COST)}
