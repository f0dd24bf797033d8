"""An axis: the place of a value between its ends, and round numbers for its labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from attrs import field, frozen

__all__ = ["Axis", "Scale", "tick_text"]

Scale = Literal["linear", "log", "symlog"]
"""`symlog` is linear up to a threshold, on both sides of zero, and logarithmic beyond it."""

_LARGEST = 1e300
"""Numbers beyond it have the place of this one, on both sides of zero: the extent of an axis stays finite."""

_SMALLEST = 1e-300
"""On a logarithmic scale smaller numbers above zero have the place of this one."""

_FAR = 1e6
"""Lengths of an axis from its low end: a value that lies further off it has this place."""


def _bounded(value: float) -> float:
    return max(-_LARGEST, min(_LARGEST, value))


@frozen
class Axis:
    """An axis of a chart.

    Attributes:
        label: its name.
        low, high: the values at its ends; `low` may be above `high`.
        scale: equal steps are equal differences, or equal factors.
        threshold: of the scale `symlog`.
        names: labels of places, instead of numbers.
        is_whole: True where labels are whole numbers only.
    """

    label: str = ""
    low: float = field(default=0.0, converter=_bounded)
    high: float = field(default=1.0, converter=_bounded)
    scale: Scale = "linear"
    threshold: float = 1.0
    names: Sequence[tuple[float, str]] = ()
    is_whole: bool = False

    @classmethod
    def around(
        cls,
        values: Iterable[float],
        label: str = "",
        *,
        scale: Scale = "linear",
        low: float | None = None,
        high: float | None = None,
        names: Sequence[tuple[float, str]] = (),
        is_whole: bool = False,
        room: float = 0.06,
        least: float = 0.0,
    ) -> Axis:
        """Return an axis around values, with a share of `room` at both ends that are not given.

        On a logarithmic axis values that are not above `least` have no place; with them, a scale `symlog`
        is taken, whose threshold is the smallest value above it.
        """
        known = [_bounded(value) for value in values if math.isfinite(value)] or [0.0, 1.0]
        positive = [max(value, _SMALLEST) for value in known if value > least]
        threshold = min(positive, default=1.0)
        if scale == "log" and len(positive) < len(known):
            scale = "symlog"
        if scale == "log":
            decades = math.log10(max(positive)) - math.log10(threshold)
            room = 10.0 ** (decades * room) if max(positive) > threshold else 1.5
            first, last = max(threshold / room, _SMALLEST), max(positive) * room
        elif scale == "symlog":
            first = min(known) * 1.3 if min(known) < 0 else 0.0
            last = max(known) * 1.3 if max(known) > 0 else 0.0
        else:
            extent = max(known) - min(known)
            around = extent * room if extent else 0.06 * abs(max(known)) or 0.5
            first, last = min(known) - around, max(known) + around
        first, last = first if low is None else low, last if high is None else high
        if first == last:
            last = first + max(1.0, 0.1 * abs(first))
        return cls(label, first, last, scale, threshold, names, is_whole)

    @classmethod
    def of_rows(cls, names: Sequence[str], label: str = "") -> Axis:
        """Return an axis with a place for each name: 0 for the first, which is at the high end."""
        return cls(
            label, len(names) - 0.5, -0.5, names=[(float(row), name) for row, name in enumerate(names)]
        )

    def share(self, value: float) -> float:
        """Return the place of a value: 0 at the low end, 1 at the high one."""
        low, high = self._step(self.low), self._step(self.high)
        return max(-_FAR, min(_FAR, (self._step(_bounded(value)) - low) / (high - low or 1.0)))

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        """Return places and their labels."""
        return list(self.names) or [(value, tick_text(value)) for value in self._round(most)]

    def _step(self, value: float) -> float:
        if self.scale == "log":
            return math.log10(max(value, _SMALLEST))
        if self.scale == "symlog" and abs(value) > self.threshold:
            return math.copysign(1 + math.log10(abs(value)) - math.log10(self.threshold), value)
        return value / self.threshold if self.scale == "symlog" else value

    def _round(self, most: int) -> list[float]:
        if self.scale == "log":
            return _powers(self.low, self.high, most) or [self.low, self.high]
        if self.scale == "symlog":
            above, below = (_powers(self.threshold, end, most // 2 + 1) for end in (self.high, -self.low))
            return [*(-value for value in reversed(below)), 0.0, *above]
        step = _nice((self.high - self.low) / most)
        if self.is_whole:
            step = max(1.0, round(step))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def _powers(low: float, high: float, most: int) -> list[float]:
    """Return powers of ten within a range, or 1, 2 and 5 times these where there are few."""
    if high < low:
        return []
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for factors in ((1.0,), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0)):
        found = [factor * 10.0**power for power in exponents for factor in factors]
        found = [value for value in found if low * 0.999 <= value <= high * 1.001]
        if len(found) > 2:
            break
    return found[:: math.ceil(len(found) / (most + 1)) or 1]


def _nice(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)


def tick_text(value: float) -> str:
    """Return the label of a round number on an axis.

    Example:
        >>> [tick_text(value) for value in (0.25, 20000, 1500000)]
        ['0.25', '20k', '1.5M']
    """
    if abs(value) >= 10_000:
        if abs(value) >= 1e12:
            return f"{value:.4g}"
        return f"{value / 1000:,.4g}k" if abs(value) < 1e6 else f"{value / 1e6:,.4g}M"
    return f"{value:.5g}" if abs(value) < 1e-9 else f"{round(value, 10):.5g}"
