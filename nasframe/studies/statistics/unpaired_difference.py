"""Welch's t-test of the difference of two independent means."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import frozen
from scipy import stats

from nasframe.studies.statistics.bounds import UNBOUNDED, Bounds
from nasframe.studies.statistics.intervals import LEVEL
from nasframe.studies.statistics.means import mean
from nasframe.studies.statistics.values import Value, is_known

__all__ = ["UnpairedDifference", "unpaired"]


@frozen
class UnpairedDifference:
    """The difference of two means with its 95 % interval, and the p-value of "the means are equal".

    All but the difference are None where either side has fewer than two values; `p` is None, too, where no
    side has any spread and the means differ.
    """

    difference: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None


def unpaired(
    first: Sequence[Value], second: Sequence[Value], bounds: Bounds = UNBOUNDED
) -> UnpairedDifference:
    """Return Welch's t-test of the mean of `first` minus that of `second`; they may differ in length.

    With the means `m`, `n`, the squared standard errors `u`, `v` of `k` and `l` values::

        t = (m - n) / √(u + v),    degrees of freedom (u + v)² / (u² / (k - 1) + v² / (l - 1))

    Where the values lie between the bounds `a` and `b`, the interval is cut at `a - b` and `b - a`. SciPy's
    own function warns where all values of one side are equal.

    >>> found = unpaired([0.90, 0.92, 0.91, 0.93], [0.80, 0.83, 0.81])
    >>> round(found.difference, 4), round(found.p, 4)
    (0.1017, 0.0008)
    """
    here, there = ([float(value) for value in side if is_known(value)] for side in (first, second))
    centre, other = mean(here).mean, mean(there).mean
    if centre is None or other is None:
        return UnpairedDifference(None)
    difference = centre - other
    if min(len(here), len(there)) < 2:
        return UnpairedDifference(difference)
    u, v = (0.0 if min(side) == max(side) else stats.sem(side) ** 2 for side in (here, there))
    if u + v == 0.0:
        return UnpairedDifference(difference, difference, difference, None if difference else 1.0)
    freedom = (u + v) ** 2 / (u**2 / (len(here) - 1) + v**2 / (len(there) - 1))
    error = math.sqrt(u + v)
    half = float(stats.t.ppf(0.5 + LEVEL / 2, freedom)) * error
    p = 2.0 * float(stats.t.sf(abs(difference) / error, freedom))
    least, most = bounds[0] - bounds[1], bounds[1] - bounds[0]
    return UnpairedDifference(difference, max(least, difference - half), min(most, difference + half), p)
