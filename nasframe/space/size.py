"""How large a space is: an exact number, or an estimate that says so."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from attrs import frozen

__all__ = ["SpaceSize"]

_IN_FULL = 10**15
"""From here on, a number is printed by its power of ten."""


@frozen
class SpaceSize:
    """The number of architectures of a space.

    Attributes:
        value: the number, or its estimate.
        kind: `exact`, or `about` for an estimate.
        error: relative standard error of an estimate; 0 where the number is exact.

    Example:
        >>> print(SpaceSize(15_625))
        15,625
        >>> print(SpaceSize(1_234_567_890_123_456_789, "about", 0.03))
        about 1.2e+18
        >>> SpaceSize(1).in_words
        '1 architecture'
    """

    value: int
    kind: Literal["exact", "about"] = "exact"
    error: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether `value` is the number itself."""
        return self.kind == "exact"

    @property
    def in_words(self) -> str:
        """The number and what it is of: `342 architectures`, `about 1.2e+18 architectures`."""
        return f"{self} architecture{'s' * (self.value != 1)}"

    def __str__(self) -> str:
        if self.value >= _IN_FULL:
            return f"{Decimal(self.value):.3g}" if self.exact else f"about {Decimal(self.value):.1e}"
        return f"{self.value:,}" if self.exact else f"about {int(float(f'{self.value:.1e}')):,}"
