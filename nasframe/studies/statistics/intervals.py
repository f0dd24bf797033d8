"""95 % intervals of means; those of bounded quantities lie within their bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import special, stats

from nasframe.studies.statistics.bounds import UNBOUNDED, Bounds

__all__ = ["LEVEL", "deviation", "interval"]

LEVEL = 0.95


def interval(values: Sequence[float], bounds: Bounds = UNBOUNDED) -> tuple[float, float]:
    r"""Return the 95 % interval of the mean of two or more values.

    Of a quantity without bounds it is Student's, ``m ± h`` with ``h = t s / √n``, where `m` is the mean of
    the `n` values, `s` their standard deviation and `t` the .975 quantile with `n - 1` degrees of freedom.

    Between the bounds `a` and `b` it is Student's on the logit scale, centred at the mean, with the half
    width of the delta method, and transformed back::

        g(x) = log((x - a) / (b - x)),    h' = h (b - a) / ((m - a) (b - m)),    g⁻¹(g(m) ± h')

    For correlations this is Fisher's z. Of a quantity with one bound, such as seconds, the interval is
    Student's, cut at the bound. Where all values are equal it is that value; where a value lies outside the
    bounds, or no number is left on the logit scale, the bounds do not count. SciPy has the quantile and the
    logit, and no interval that keeps to bounds.

    >>> low, high = interval([0.96, 0.98, 0.97], (0, 1))
    >>> round(low, 3), round(high, 3)
    (0.932, 0.987)
    """
    a, b = bounds
    centre = math.fsum(values) / len(values)
    if min(values) == max(values):
        return centre, centre
    quantile = float(stats.t.ppf(0.5 + LEVEL / 2, len(values) - 1))
    half = quantile * deviation(values, centre) / math.sqrt(len(values))
    if min(values) < a or max(values) > b:
        return centre - half, centre + half
    if math.isinf(a) or math.isinf(b):
        return max(a, centre - half), min(b, centre + half)
    share = (centre - a) / (b - a)
    slope = share * (1.0 - share) * (b - a)
    if slope <= 0.0:  # the mean is at a bound, up to rounding
        return max(a, centre - half), min(b, centre + half)
    place, width = float(special.logit(share)), half / slope
    low, high = (a + (b - a) * float(special.expit(place + step)) for step in (-width, width))
    return max(a, min(low, centre)), min(b, max(high, centre))


def deviation(values: Sequence[float], centre: float) -> float:
    """Return the standard deviation of two or more values around their mean."""
    return math.sqrt(math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1))
