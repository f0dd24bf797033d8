"""Statistics of ranks: Spearman's correlation, and percentiles."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import frozen
from scipy import stats

from nasframe.studies.statistics.values import Value, is_known

__all__ = ["Correlation", "percentile", "spearman"]

_NORMAL = 1.959963984540054
"""The .975 quantile of the normal distribution, for 95 % intervals."""

_PERFECT = 1e-12


@frozen
class Correlation:
    """Spearman's rank correlation with its 95 % interval; None where it is undefined."""

    rho: float | None
    low: float | None
    high: float | None
    count: int


def spearman(first: Sequence[Value], second: Sequence[Value]) -> Correlation:
    """Return Spearman's rank correlation, ties at their mean rank.

    The interval is Fisher's: atanh(rho) is taken as normal with variance (1 + rho²/2) / (n - 3) (Bonett and
    Wright, 2000). It needs four pairs and a correlation that is not perfect.

    Raises:
        ValueError: the sequences differ in length.
    """
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if is_known(a) and is_known(b)]
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
    known = [float(score) for score in scores if is_known(score)]
    if not known or not is_known(value):
        return None
    lower = sum(score < value for score in known)
    equal = sum(score == value for score in known)
    return 100.0 * (lower + equal / 2) / len(known)
