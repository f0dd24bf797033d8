"""Statistics of a few repetitions: means with intervals, paired tests, rank correlations, percentiles.

A value that is None or not finite was not measured, and is left out. A result is None where there are too few
values, or no spread in them, to compute it.

The distributions and ranks are SciPy's. By hand is what it lacks: Holm's correction, an interval of
Spearman's correlation, a paired test that knows differences which are equal up to rounding, and a percentile
that is never above 100 (`percentileofscore` can be, in its last digit).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeGuard

from attrs import frozen
from scipy import stats

from nasframe.studies.intervals import UNBOUNDED, Bounds, deviation, interval

__all__ = [
    "Correlation",
    "Mean",
    "PairedDifference",
    "Value",
    "holm",
    "mean",
    "paired",
    "percentile",
    "spearman",
]

Value = float | int | None

_NORMAL = 1.959963984540054
"""The .975 quantile of the normal distribution, for 95 % intervals."""

_ROUNDING = 1e-6
"""Differences that are closer than this share of the values are equal up to the rounding of float32."""

_PERFECT = 1e-12


@frozen
class Mean:
    """A mean with its 95 % interval; `low` and `high` are None where fewer than two values are known."""

    mean: float | None
    low: float | None
    high: float | None
    count: int


@frozen
class PairedDifference:
    """The mean of paired differences with its 95 % interval, and the p-value of "the mean is zero".

    `p` is None for fewer than two pairs, and where all pairs differ by the same amount, for then the spread
    is unknown; where that amount is zero, `p` is 1.
    """

    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    count: int


@frozen
class Correlation:
    """Spearman's rank correlation with its 95 % interval; None where it is undefined."""

    rho: float | None
    low: float | None
    high: float | None
    count: int


def mean(values: Sequence[Value], bounds: Bounds = UNBOUNDED) -> Mean:
    """Return the mean with its interval, which lies within the bounds; see `interval` for the equation.

    >>> found = mean([0.8, 0.9, 0.7, None], (0, 1))
    >>> round(found.mean, 4), round(found.low, 4), round(found.high, 4), found.count
    (0.8, 0.4585, 0.9497, 3)
    """
    known = [float(value) for value in values if _is_known(value)]
    if not known:
        return Mean(None, None, None, 0)
    centre = math.fsum(known) / len(known)
    if len(known) == 1:
        return Mean(centre, None, None, 1)
    return Mean(centre, *interval(known, bounds), len(known))


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
    pairs = [
        (float(a), float(b)) for a, b in zip(first, second, strict=True) if _is_known(a) and _is_known(b)
    ]
    differences = [a - b for a, b in pairs]
    found = mean(differences, (bounds[0] - bounds[1], bounds[1] - bounds[0]))
    if found.mean is None or found.count < 2:
        return PairedDifference(found.mean, None, None, None, found.count)
    scale = max(max(abs(a), abs(b)) for a, b in pairs)
    if max(differences) - min(differences) <= _ROUNDING * scale:
        same = abs(found.mean) <= _ROUNDING * scale
        return PairedDifference(found.mean, found.mean, found.mean, 1.0 if same else None, found.count)
    error = deviation(differences, found.mean) / math.sqrt(found.count)
    p = 2.0 * float(stats.t.sf(abs(found.mean) / error, found.count - 1))
    return PairedDifference(found.mean, found.low, found.high, p, found.count)


def holm(values: Sequence[Value]) -> list[float | None]:
    """Return the p-values of one family, corrected by Holm's method; None stays None and does not count.

    >>> holm([0.01, None, 0.04, 0.5])
    [0.03, None, 0.08, 0.5]
    """
    known = sorted((float(p), place) for place, p in enumerate(values) if _is_known(p))
    corrected: list[float | None] = [None] * len(values)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = max(largest, min(1.0, (len(known) - rank) * p))
        corrected[place] = largest
    return corrected


def spearman(first: Sequence[Value], second: Sequence[Value]) -> Correlation:
    """Return Spearman's rank correlation, ties at their mean rank.

    The interval is Fisher's: atanh(rho) is taken as normal with variance (1 + rho²/2) / (n - 3) (Bonett and
    Wright, 2000). It needs four pairs and a correlation that is not perfect.

    Raises:
        ValueError: the sequences differ in length.
    """
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if _is_known(a) and _is_known(b)]
    if len(pairs) < 2 or any(len(set(column)) < 2 for column in zip(*pairs, strict=True)):
        return Correlation(None, None, None, len(pairs))
    ranks = [stats.rankdata(column) for column in zip(*pairs, strict=True)]
    rho = max(-1.0, min(1.0, float(stats.pearsonr(*ranks).statistic)))
    if len(pairs) < 4 or 1.0 - abs(rho) < _PERFECT:
        return Correlation(rho, None, None, len(pairs))
    width = _NORMAL * math.sqrt((1.0 + rho * rho / 2.0) / (len(pairs) - 3))
    centre = math.atanh(rho)
    return Correlation(rho, math.tanh(centre - width), math.tanh(centre + width), len(pairs))


def percentile(value: Value, scores: Sequence[Value]) -> float | None:
    """Return the percentage of scores that are lower than `value`; those equal to it count half.

    >>> percentile(0.9, [0.7, 0.8, 0.9, 0.95])
    62.5
    """
    known = [float(score) for score in scores if _is_known(score)]
    if not known or not _is_known(value):
        return None
    lower = sum(score < value for score in known)
    equal = sum(score == value for score in known)
    return 100.0 * (lower + equal / 2) / len(known)


def _is_known(value: Value) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)
