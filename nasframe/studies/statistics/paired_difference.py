"""Student's t-test of paired differences, and Holm's correction of several."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import frozen
from scipy import stats

from nasframe.studies.statistics.bounds import UNBOUNDED, Bounds
from nasframe.studies.statistics.intervals import deviation
from nasframe.studies.statistics.means import mean
from nasframe.studies.statistics.values import Value, is_known

__all__ = ["PairedDifference", "holm", "paired"]

_ROUNDING = 1e-6
"""Differences that are closer than this share of the values are equal up to the rounding of float32."""


@frozen
class PairedDifference:
    """The mean of paired differences with its 95 % interval, and the p-value of "the mean is zero".

    `p` is None for fewer than two pairs, and where all pairs differ by the same amount, for then the spread
    is unknown; where that amount is zero up to rounding, all three numbers are
    zero and `p` is 1.
    """

    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    count: int


def paired(first: Sequence[Value], second: Sequence[Value], bounds: Bounds = UNBOUNDED) -> PairedDifference:
    """Return Student's t-test of `first` minus `second`, pair by pair; a pair counts where both are known.

    Where the values lie between the bounds `a` and `b`, their differences lie between `a - b` and `b - a`,
    and so does the interval; see `interval`. The p-value is that of the differences as they are.

    Raises:
        ValueError: the sequences differ in length.

    >>> found = paired([0.90, 0.92, 0.91], [0.80, 0.83, 0.81])
    >>> round(found.difference, 4), round(found.p, 4)
    (0.0967, 0.0012)
    """
    pairs = [(float(a), float(b)) for a, b in zip(first, second, strict=True) if is_known(a) and is_known(b)]
    differences = [a - b for a, b in pairs]
    found = mean(differences, (bounds[0] - bounds[1], bounds[1] - bounds[0]))
    if found.mean is None or found.count < 2:
        return PairedDifference(found.mean, None, None, None, found.count)
    scale = max(max(abs(a), abs(b)) for a, b in pairs)
    if max(differences) - min(differences) <= _ROUNDING * scale:
        if abs(found.mean) <= _ROUNDING * scale:
            return PairedDifference(0.0, 0.0, 0.0, 1.0, found.count)
        return PairedDifference(found.mean, found.mean, found.mean, None, found.count)
    error = deviation(differences, found.mean) / math.sqrt(found.count)
    p = 2.0 * float(stats.t.sf(abs(found.mean) / error, found.count - 1))
    return PairedDifference(found.mean, found.low, found.high, p, found.count)


def holm(values: Sequence[Value]) -> list[float | None]:
    """Return the p-values of one family, corrected by Holm's method; None stays None and does not count.

    >>> holm([0.01, None, 0.04, 0.5])
    [0.03, None, 0.08, 0.5]
    """
    known = sorted((float(p), place) for place, p in enumerate(values) if is_known(p))
    corrected: list[float | None] = [None] * len(values)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * p))
        corrected[place] = largest
    return corrected
