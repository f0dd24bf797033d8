"""A mean with its 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import frozen

from nasframe.studies.statistics.bounds import UNBOUNDED, Bounds
from nasframe.studies.statistics.intervals import interval
from nasframe.studies.statistics.values import Value, is_known

__all__ = ["Mean", "mean"]


@frozen
class Mean:
    """A mean with its 95 % interval; `low` and `high` are None where fewer than two values are known."""

    mean: float | None
    low: float | None
    high: float | None
    count: int


def mean(values: Sequence[Value], bounds: Bounds = UNBOUNDED) -> Mean:
    """Return the mean with its interval, which lies within the bounds; see `interval` for the equation.

    >>> found = mean([0.8, 0.9, 0.7, None], (0, 1))
    >>> round(found.mean, 4), round(found.low, 4), round(found.high, 4), found.count
    (0.8, 0.4585, 0.9497, 3)
    """
    known = [float(value) for value in values if is_known(value)]
    if not known:
        return Mean(None, None, None, 0)
    centre = math.fsum(known) / len(known)
    if len(known) == 1:
        return Mean(centre, None, None, 1)
    return Mean(centre, *interval(known, bounds), len(known))
