"""The one frame of all charts: a rectangle with two axes, their labels and rules."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Mapping, Sequence
from itertools import pairwise

from attrs import define
from markupsafe import Markup

from nasframe.display.charts.axis import Axis
from nasframe.display.figure import Picture
from nasframe.display.markup import element, text
from nasframe.display.style import SERIES

__all__ = ["BAR", "LINE", "Frame", "mark", "name_lines", "shape"]

_TOP, _RIGHT = 12.0, 14.0

_LETTER, _NARROW, _BROAD = 9.3, frozenset(" ijl.,:;'|()[]"), frozenset("mwMW−%@…")
"""The width of a letter where a telephone shows it larger, and the letters of about half, and twice, it."""

_LONGEST, _LINE = 22, 15.0
"""Letters of a line of a row's name, and the height of a line."""

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
        lines = [line for _, name in self.y.ticks() for line in name_lines(name, self._lines)]
        return max(24.0, max(map(_width, lines), default=0.0) + 12) + (18 if self.y.label else 0)

    @property
    def _lines(self) -> int:
        """The lines that a row has room for."""
        places = sorted(self.down(value) for value, _ in self.y.ticks())
        steps = [b - a for a, b in pairwise(places)] or [self.bottom - _TOP]
        return 2 if min(steps) >= 2 * _LINE else 1

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
            parts.append(_row_name(self.left - 7, y + 4, name, is_name, self._lines))
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


def _row_name(x: float, y: float, name: str, class_: str | None, most: int) -> Markup:
    """Return the label of a row, of a length that leaves room for the chart."""
    lines = name_lines(name, most)
    first = y - (len(lines) - 1) * _LINE / 2
    shown = Markup("").join(
        text(x, first + number * _LINE, line, anchor="end", class_=class_)
        for number, line in enumerate(lines)
    )
    return shown if lines == [name] else element("g", shown, element("title", name))


def name_lines(name: str, most: int = 2) -> list[str]:
    """Return the name of a row in lines, at most so many; the last one is cut where it is too long."""
    lines = textwrap.wrap(name, _LONGEST) if most > 1 and len(name) > _LONGEST else [name]
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…" for line in lines]


def _width(words: str) -> float:
    return _LETTER * sum(0.55 if c in _NARROW else 1.6 if c in _BROAD else 1 for c in words)


def mark(series: int, kind: str) -> str:
    """Return the CSS classes of a part of a series: its colour, and for a line its dash."""
    # the second round of colours begins with another dash, so that SERIES² lines differ
    dash = f" d{(series + series // SERIES) % SERIES}" if kind == "line" else ""
    return f"{kind} s{series % SERIES}{dash}"


def shape(series: int, x: float, y: float, size: float = 1.0) -> str:
    """Return the path of a circle, square, triangle or diamond: series differ without colours too."""
    a, b, c, d, e = (f"{size * length:.3g}" for length in (5, 10, 4.5, 9, 5.5))
    f, g = f"{size * 6:.3g}", f"{size * 11:.3g}"
    path = (
        f"m-{a} 0a{a} {a} 0 1 0 {b} 0a{a} {a} 0 1 0 -{b} 0z",
        f"m-{c} -{c}h{d}v{d}h-{d}z",
        f"m0 -{e}l{e} {b}h-{g}z",
        f"m0 -{f}l{f} {f}l-{f} {f}l-{f} -{f}z",
    )[series % 4]
    return f"M{x:.1f} {y:.1f}{path}"
