"""The most trials of a study: more are refused before any list of them is made."""

from __future__ import annotations

import math
from collections.abc import Iterable

from nasframe.errors import ConfigurationError
from nasframe.studies.axes.axis import Axis

__all__ = ["MOST_TRIALS", "check_trials", "count_points"]

MOST_TRIALS = 100_000
"""A number that nobody trains, and whose lists fit in the memory of any machine."""


def count_points(axes: Iterable[Axis]) -> int:
    """Return the number of combinations of the axes' values."""
    return math.prod(len(axis.values) for axis in axes)


def check_trials(source: str, what: str, *factors: int) -> None:
    """Refuse more trials than a study can have.

    Args:
        source: the beginning of the message.
        what: the options that ask for them, for the message.
        factors: of the number of trials.

    Raises:
        ConfigurationError: there are more than `MOST_TRIALS`.
    """
    if math.prod(factors) > MOST_TRIALS:
        found = " × ".join(str(factor) if factor < 10**12 else "more than 10^12" for factor in factors)
        raise ConfigurationError(source, [f"{what}: expected {MOST_TRIALS:,} trials at most, found {found}"])
