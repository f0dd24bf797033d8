"""The axes of a chart: the place of a value on the page, and round numbers for labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from attrs import field, frozen

from nasframe.report.markup import esc, svg_text

__all__ = ["DASHES", "SERIES", "Frame", "Range", "legend", "mark", "span", "tick"]

SERIES = 6
"""The number of colours; a seventh series has the colour of the first."""

DASHES = 6

WIDTH, HEIGHT = 460, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 14, 12, 44


@frozen
class Range:
    """The values of an axis.

    Attributes:
        low, high: its ends.
        is_log: True where equal steps are equal factors.
    """

    low: float
    high: float
    is_log: bool = False

    def share(self, value: float) -> float:
        """Return the place of a value: 0 at the low end, 1 at the high one."""
        if self.is_log:
            return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int = 6, *, whole: bool = False) -> list[float]:
        """Return round numbers within the range."""
        if self.is_log:
            powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            found = [10.0**power for power in powers if self.low * 0.999 <= 10.0**power <= self.high * 1.001]
            if len(found) > 1:
                return found
        step = _step((self.high - self.low) / most)
        if whole:
            step = max(1.0, round(step))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def span(values: Iterable[float], *, zero: bool = False, top: float | None = None) -> Range:
    """Return a range with a little room around the values; with `zero`, it begins at zero."""
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(known), max(known)
    room = 0.06 * (high - low) or 0.06 * abs(high) or 0.5
    low = min(0.0, low) if zero else low - room
    return Range(low, high + room if top is None else top)


@frozen
class Frame:
    """A chart's rectangle with its two axes.

    Attributes:
        x, y: ranges of the axes.
        x_label, y_label: names of the axes.
        width, height: of the chart.
        names: labels of places on the horizontal axis, instead of numbers.
        whole: True where the horizontal axis has whole numbers only.
        counts: True where the vertical axis has whole numbers only.
        left: the x of the vertical axis.
    """

    x: Range
    y: Range
    x_label: str
    y_label: str
    width: int = WIDTH
    height: int = HEIGHT
    names: Sequence[tuple[float, str]] = ()
    whole: bool = False
    counts: bool = False
    left: int = field(default=_LEFT)

    def across(self, value: float) -> float:
        """Return the x of a value."""
        return self.left + (self.width - self.left - _RIGHT) * self.x.share(value)

    def down(self, value: float) -> float:
        """Return the y of a value."""
        return self.height - _BOTTOM - (self.height - _TOP - _BOTTOM) * self.y.share(value)

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        """Return the data of a path through points."""
        return "M" + "L".join(f"{self.across(x):.1f} {self.down(y):.1f}" for x, y in points)

    def draw(self, content: str, label: str, classes: str = "") -> str:
        """Return the chart with `content` in it."""
        bottom, right = self.height - _BOTTOM, self.width - _RIGHT
        parts = []
        for value in self.y.ticks(5, whole=self.counts):
            y = self.down(value)
            parts.append(f'<path class="rule" d="M{self.left} {y:.1f}H{right}"/>')
            parts.append(svg_text(self.left - 7, y + 4, tick(value), anchor="end"))
        ticks = self.names or [(value, tick(value)) for value in self.x.ticks(whole=self.whole)]
        for value, name in ticks:
            parts.append(svg_text(self.across(value), bottom + 17, name, anchor="middle"))
        parts.append(f'<path class="axis" d="M{self.left} {bottom}H{right}"/>')
        middle = (self.left + right) / 2
        parts.append(svg_text(middle, self.height - 8, self.x_label, anchor="middle"))
        if self.y_label:
            high = (_TOP + bottom) / 2
            parts.append(
                f'<text transform="translate(13 {high:.0f}) rotate(-90)" text-anchor="middle">'
                f"{esc(self.y_label)}</text>"
            )
        return (
            f'<svg class="chart {classes}" role="img" aria-label="{esc(label)}" '
            f'viewBox="0 0 {self.width} {self.height}">{"".join(parts)}{content}</svg>'
        )

    def now(self) -> str:
        """Return a line that the slider of the epochs moves."""
        step = self.across(1) - self.across(0)
        line = f"M0 {_TOP}V{self.height - _BOTTOM}"
        return f'<path class="now controls" data-now="{self.across(0):.2f} {step:.4f}" d="{line}"/>'


def mark(number: int) -> str:
    """Return the CSS classes of a series: its colour and its dash."""
    return f"s{number % SERIES} d{number % DASHES}"


def legend(names: Sequence[str], *, filled: bool = False) -> str:
    """Return the legend of several series; empty for a single one."""
    if len(names) < 2:
        return ""
    shape = '<path class="bar" d="M4 1H26V11H4Z"/>' if filled else '<path class="line {dash}" d="M1 6H29"/>'
    items = "".join(
        f'<li class="s{number % SERIES}"><svg aria-hidden="true" viewBox="0 0 30 12">'
        f"{shape.format(dash=f'd{number % DASHES}')}</svg>{esc(name)}</li>"
        for number, name in enumerate(names)
    )
    return f'<ul class="legend">{items}</ul>'


def _step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)


def tick(value: float) -> str:
    """Return the label of a round number on an axis."""
    if value and abs(value) >= 10_000:
        return f"{value / 1000:,.0f}k" if abs(value) < 1e6 else f"{value / 1e6:,.4g}M"
    return f"{round(value, 10):.5g}"
