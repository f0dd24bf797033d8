"""The number of architectures of a space: itself, or an estimate or a bound that says so."""

from __future__ import annotations

import decimal
import math
import statistics
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from attrs import frozen

__all__ = ["ArchitectureCount", "mean_of_powers"]

_IN_FULL = 10**15
"""From here on, a number is printed by its power of ten."""


@frozen
class ArchitectureCount:
    """The number of architectures of a space. It is no `int`, so that none takes an estimate for the number.

    Attributes:
        value: the number, an estimate of it, or a number that it is not less than.
        kind: `exact`, `about` for an estimate, `at least` for a bound.
        error: relative standard error of an estimate; 0 otherwise.

    Example:
        >>> print(ArchitectureCount(15_625))
        15,625
        >>> print(ArchitectureCount(1_234_567_890_123_456_789, "about", 0.03))
        about 1.2e+18
        >>> ArchitectureCount(2**200, "at least").in_words
        'at least 1.6e+60 architectures'
    """

    value: int
    kind: Literal["exact", "about", "at least"] = "exact"
    error: float = 0.0

    @property
    def exact(self) -> bool:
        """True where `value` is the number itself."""
        return self.kind == "exact"

    @property
    def in_words(self) -> str:
        """The number and what it is of: `342 architectures`, `about 1.2e+18 architectures`."""
        return f"{self} architecture{'s' * (self.value != 1)}"

    def __str__(self) -> str:
        if self.exact:
            return f"{self.value:,}" if self.value < _IN_FULL else f"{Decimal(self.value):.3g}"
        # a bound is rounded down, or it were none
        rounding = decimal.ROUND_DOWN if self.kind == "at least" else decimal.ROUND_HALF_EVEN
        rounded = decimal.Context(prec=2, rounding=rounding).create_decimal(self.value)
        return f"{self.kind} {int(rounded):,}" if self.value < _IN_FULL else f"{self.kind} {rounded:.1e}"


def mean_of_powers(scale: int, bits: Sequence[float]) -> tuple[int, float]:
    """Return the mean of `scale * 2**bits`, to 15 digits or so, and its relative standard error.

    Neither the scale nor the powers need fit a float; two at least are expected. A power of -inf is 0.
    """
    most = max(bits)
    if most == -math.inf:
        return 0, math.inf
    weights = [2 ** (item - most) for item in bits]
    mean = statistics.fmean(weights)
    error = statistics.stdev(weights) / mean / len(weights) ** 0.5
    exponent = math.floor(most)
    part = scale * round(mean * 2 ** (most - exponent + 52))
    shift = exponent - 52
    return (part << shift if shift >= 0 else (part >> (-shift - 1)) + 1 >> 1), error
