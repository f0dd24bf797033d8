"""The one frame of all charts: a rectangle with two axes, their labels and rules."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from attrs import define
from markupsafe import Markup

from nasframe.display.charts.axis import Axis
from nasframe.display.figure import Picture
from nasframe.display.markup import element, text
from nasframe.display.style import SERIES

__all__ = ["BAR", "LINE", "Frame", "mark", "shape"]

_TOP, _RIGHT, _LETTER, _LONGEST = 12.0, 14.0, 8.3, 26

LINE, BAR = "M1 6H29", "M4 1H26V11H4Z"
"""Samples of a legend."""


@define(frozen=True, kw_only=True)
class Frame:
    """A chart's rectangle with its two axes.

    Attributes:
        x, y: the axes.
        width, height: of the chart.
        rules: the axis whose labels have rules across the chart: `x`, `y`, or none.
        right: room to the right of the rectangle.
    """

    x: Axis
    y: Axis
    width: float = 460.0
    height: float = 270.0
    rules: str = "y"
    right: float = _RIGHT

    @functools.cached_property
    def left(self) -> float:
        """The x of the vertical axis, right of its labels."""
        longest = max((min(len(name), _LONGEST) for _, name in self.y.ticks()), default=0)
        return max(24.0, _LETTER * longest + 12) + (18 if self.y.label else 0)

    @property
    def bottom(self) -> float:
        """The y of the horizontal axis."""
        return self.height - (44.0 if self.x.label else 26.0)

    def across(self, value: float) -> float:
        """Return the x of a value."""
        return self.left + (self.width - self.left - self.right) * self.x.share(value)

    def down(self, value: float) -> float:
        """Return the y of a value."""
        return self.bottom - (self.bottom - _TOP) * self.y.share(value)

    def path(self, points: Sequence[tuple[float, float]]) -> str:
        """Return the data of a path through points."""
        return "M" + "L".join(f"{self.across(x):.1f} {self.down(y):.1f}" for x, y in points)

    def box(self, x: float, y: float, width: float, height: float) -> dict[str, float]:
        """Return the attributes of a `rect` between two places of each axis, given in values."""
        a, b = sorted((self.across(x), self.across(x + width)))
        c, d = sorted((self.down(y), self.down(y + height)))
        return {"x": round(a, 1), "y": round(c, 1), "width": round(b - a, 1), "height": round(d - c, 1)}

    def upright(self, marks: Mapping[str, float]) -> Markup:
        """Return dashed upright lines with their names."""
        parts = []
        for row, (name, value) in enumerate(marks.items()):
            x = self.across(min(self.x.high, max(self.x.low, value)))
            anchor, shift = ("end", -5) if x > (self.left + self.width) / 2 else ("start", 5)
            line = f"M{x:.1f} {_TOP:g}V{self.bottom:.1f}"
            parts.append(element("path", class_="now threshold", d=line))
            if name:
                parts.append(text(x + shift, 22 + 14 * row, name, anchor=anchor, class_="name halo"))
        return Markup("").join(parts)

    def now(self) -> Markup:
        """Return a line that the slider of the epochs moves: `data-now` has its x at 0 and a step of it."""
        start = self.across(0)
        step = self.across(1) - start
        line = f"M0 {_TOP:g}V{self.bottom:.1f}"
        return element("path", class_="now controls", data_now=f"{start:.2f} {step:.4f}", d=line)

    def draw(self, *content: Markup, label: str, classes: str = "", least: float | None = None) -> Picture:
        """Return the chart with `content` in it; `label` is read out."""
        right, parts = self.width - self.right, []
        for value, name in self.y.ticks():
            y = self.down(value)
            if self.rules == "y":
                parts.append(element("path", class_="rule", d=f"M{self.left:.1f} {y:.1f}H{right:.1f}"))
            is_name = "name" if self.y.names else None
            parts.append(_cut(self.left - 7, y + 4, name, is_name))
        for value, name in self.x.ticks():
            x = self.across(value)
            if self.rules == "x":
                parts.append(element("path", class_="rule", d=f"M{x:.1f} {_TOP:g}V{self.bottom:.1f}"))
            parts.append(text(x, self.bottom + 17, name, anchor="middle"))
        if self.rules:
            parts.append(element("path", class_="axis", d=f"M{self.left:.1f} {self.bottom:.1f}H{right:.1f}"))
        if self.x.label:
            parts.append(text((self.left + right) / 2, self.height - 8, self.x.label, anchor="middle"))
        if self.y.label:
            turned = f"translate(13 {(_TOP + self.bottom) / 2:.0f}) rotate(-90)"
            parts.append(element("text", self.y.label, transform=turned, text_anchor="middle"))
        return Picture(
            width=self.width,
            height=self.height,
            content=Markup("").join([*parts, *content]),
            label=label,
            classes=classes,
            least=least,
        )


def _cut(x: float, y: float, name: str, class_: str | None) -> Markup:
    """Return the label of a row, of a length that leaves room for the chart."""
    if len(name) <= _LONGEST:
        return text(x, y, name, anchor="end", class_=class_)
    shown = text(x, y, f"{name[: _LONGEST - 1]}…", anchor="end", class_=class_)
    return element("g", shown, element("title", name))


def mark(series: int, kind: str) -> str:
    """Return the CSS classes of a part of a series: its colour, and for a line its dash."""
    dash = f" d{series % SERIES}" if kind == "line" else ""
    return f"{kind} s{series % SERIES}{dash}"


def shape(series: int, x: float, y: float) -> str:
    """Return the path of a circle, square, triangle or diamond: series differ without colours too."""
    path = (
        "m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
        "m-4.5 -4.5h9v9h-9z",
        "m0 -5.5l5.5 10h-11z",
        "m0 -6l6 6l-6 6l-6 -6z",
    )[series % 4]
    return f"M{x:.1f} {y:.1f}{path}"
