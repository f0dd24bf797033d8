"""Statistics of repetitions: means with intervals, tests of differences, rank correlations, percentiles.

A value that is None or not finite was not measured, and is left out. A result is None where there are too few
values, or no spread in them, to compute it.

The distributions and ranks are SciPy's. By hand is what it lacks: Holm's correction, an interval of
Spearman's correlation, a paired test that knows differences which are equal up to rounding, and a percentile
that is never above 100 (`percentileofscore` can be, in its last digit).
"""

from __future__ import annotations

from nasframe.studies.statistics.bounds import CORRELATION, PERCENTILE, UNBOUNDED, Bounds, bounds_of
from nasframe.studies.statistics.intervals import interval
from nasframe.studies.statistics.means import mean
from nasframe.studies.statistics.paired_difference import holm, paired
from nasframe.studies.statistics.ranks import percentile, spearman
from nasframe.studies.statistics.unpaired_difference import unpaired

__all__ = [
    "CORRELATION",
    "PERCENTILE",
    "UNBOUNDED",
    "Bounds",
    "bounds_of",
    "holm",
    "interval",
    "mean",
    "paired",
    "percentile",
    "spearman",
    "unpaired",
]
