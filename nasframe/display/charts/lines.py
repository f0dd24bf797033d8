"""A line chart, with bands, error bars or points where there are several values, and dashed levels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from attrs import evolve, field, frozen
from markupsafe import Markup

from nasframe.display.charts.axis import Axis, Scale
from nasframe.display.charts.frame import LINE, Frame, mark
from nasframe.display.figure import Figure, LegendEntry, Picture
from nasframe.display.markup import element, text
from nasframe.display.style import SERIES
from nasframe.display.table import Cell, Column, Table
from nasframe.display.values import sparkline

__all__ = ["Level", "Line", "LineChart", "Marker"]

Point = tuple[float, float]
Ends = tuple[float | None, float | None]

_MOST_DOTS = 12
"""A line through more points has a dot at its end only, and so has a dashed one."""


@frozen
class Line:
    """A named line.

    Attributes:
        name: for the legend.
        points: (x, y), in order.
        low, high: ends of the interval at each x; empty for none.
        is_range: True where the ends are the smallest and the largest value, no interval.
        dots: more points, such as those of single seeds.
        series: number of its colour; None is its place among the lines.
        has_bars: True where the intervals are bars at the points, False where they are a band.
        is_bare: True where the points have no dots.
    """

    name: str
    points: Sequence[Point]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    dots: Sequence[Point] = ()
    series: int | None = None
    has_bars: bool = False
    is_bare: bool = False
    is_range: bool = False


@frozen
class Level:
    """A value that is the same at every x: a dashed line across the chart, with the band of its interval."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    series: int = 0


@frozen
class Marker:
    """A marked point; its name is written beside it, and `told` is shown to those who point at it."""

    name: str
    x: float
    y: float
    told: str = ""
    is_open: bool = False


@frozen(kw_only=True)
class LineChart(Figure):
    """Lines over a common axis.

    Attributes:
        lines: in the order of the legend; one without points is left out.
        x, y: names of the axes.
        levels: dashed lines across the chart.
        markers: marked points.
        guide: points of a thin dotted line, to compare with.
        x_scale, y_scale: see `Axis`.
        x_names: labels of places on the horizontal axis, instead of numbers.
        x_low, x_high, y_low, y_high: ends of the axes, where they are known.
        y_least: values up to it count as zero where the vertical axis is logarithmic.
        is_whole: True where the horizontal axis has whole numbers only.
        follows: True where the slider of the epochs moves a mark over the chart.
        height: of the drawing.

    Example:
        >>> chart = LineChart(
        ...     name="loss", title="Loss", x="epoch", y="loss", lines=[Line("training", [(1, 0.9), (2, 0.3)])]
        ... )
        >>> print(chart.data().to_text())
        Loss
        line      epoch    loss
        training      1  0.9000
        training      2  0.3000
        >>> chart.to_svg()[:38]
        '<?xml version="1.0" encoding="UTF-8"?>'
    """

    lines: Sequence[Line]
    x: str
    y: str
    levels: Sequence[Level] = ()
    markers: Sequence[Marker] = ()
    guide: Sequence[Point] = ()
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"
    x_names: Sequence[tuple[float, str]] = ()
    x_low: float | None = None
    x_high: float | None = None
    y_low: float | None = None
    y_high: float | None = None
    y_least: float = 0.0
    is_whole: bool = False
    follows: bool = False
    height: float = field(default=270.0)

    @property
    def is_empty(self) -> bool:
        """True where no line has a point and no level a value."""
        return not any(self._drawn()) and not self._known_levels()

    def data(self) -> Table:
        """Return a row for each point, and for each value of a seed.

        The ends of an interval are `low` and `high`, the smallest and the largest value `min` and `max`.
        """
        columns = [Column("line"), Column("x", self.x), Column("y", self.y or "value")]
        ranges = any(line.low and line.is_range for line in self.lines)
        spread = any(line.low and not line.is_range for line in self.lines)
        spread = spread or any(level.low is not None for level in self.levels)
        columns += [Column("low"), Column("high")] if spread else []
        columns += [Column("min"), Column("max")] if ranges else []
        seeds = any(line.dots for line in self.lines)
        columns += [Column("of", "of")] if seeds else []
        names = dict(self.x_names)
        rows: list[list[Cell]] = []

        def add(
            name: str, x: float | None, y: float | None, ends: Ends, of: str, is_range: bool = False
        ) -> None:
            place: Cell = None if x is None else names.get(x, x)
            row: list[Cell] = [name, place, y]
            row += ((None, None) if is_range else ends) if spread else ()
            row += (ends if is_range else (None, None)) if ranges else ()
            rows.append([*row, *([of] if seeds else [])])

        for line in self.lines:
            for index, (x, y) in enumerate(line.points):
                ends = (line.low[index], line.high[index]) if line.low else (None, None)
                add(line.name, x, y, ends, "all", line.is_range)
            for x, y in line.dots:
                add(line.name, x, y, (None, None), "one seed")
        for level in self.levels:
            add(level.name, None, level.value, (level.low, level.high), "all")
        return Table(self.name, self.title, columns, rows)

    def to_text(self, indent: str = "") -> str:
        """Return the title, and the course of each line as a row of bars with its first and last value."""
        known = [line for _, line in self._drawn()]
        values = [value for line in known for _, value in line.points]
        low = self.y_low if self.y_low is not None else min(values, default=0.0)
        high = self.y_high if self.y_high is not None else max(values, default=1.0)
        course = Axis(self.y, low, high)
        rows: list[list[Cell]] = [
            [
                line.name,
                sparkline([course.share(y) for _, y in line.points]),
                line.points[0][1],
                line.points[-1][1],
            ]
            for line in known
        ]
        columns = [Column("line"), Column("course"), Column("first"), Column("last")]
        return Table(self.name, self.title, columns, rows).to_text(indent)

    def entries(self) -> Sequence[LegendEntry]:
        """Return an entry for each line and level."""
        looks = [(line.name, self._look(number)) for number, line in self._drawn()]
        looks += [(level.name, f"line level s{level.series % SERIES}") for level in self._known_levels()]
        return [LegendEntry(name, element("path", class_=look, d=LINE)) for name, look in looks]

    def picture(self) -> Picture:
        """Return the lines in their frame, the last one on top: through its dashes the others are seen."""
        frame = Frame(x=self._across(), y=self._down(), height=self.height)
        parts = [frame.now()] if self.follows else []
        if self.guide:
            parts.append(element("path", class_="guide", d=frame.path(self.guide)))
        parts += [self._level(frame, level) for level in self._known_levels()]
        drawn = list(self._drawn())
        for number, line in drawn:
            if line.low and not line.has_bars:
                places = [x for x, _ in line.points]
                around = [
                    *zip(places, line.high, strict=True),
                    *list(zip(places, line.low, strict=True))[::-1],
                ]
                parts.append(element("path", class_=mark(number, "band"), d=f"{frame.path(around)}Z"))
        for place, (number, line) in enumerate(drawn):
            if len(line.points) > 1:
                look = self._look(number)
                told = {"data_line": line.name, "data_x": self.x}
                parts.append(element("path", class_=look, **told, d=frame.path(line.points)))
            if line.has_bars and line.low:
                parts.append(_error_bars(frame, number, line))
            parts.append(self._dots(frame, line.name, line.dots, number, "dot open", 3))
            if not line.is_bare:
                # between dots that are close together, nobody sees the dashes of a line
                close = 1 if self._is_dashed(number) and not line.has_bars else _MOST_DOTS
                ends = line.points if len(line.points) <= close else line.points[-1:]
                # the dots of an earlier line are larger, so that those of the next one do not hide them
                radius = 3.5 + 1.5 * min(2, len(drawn) - 1 - place)
                parts.append(self._dots(frame, line.name, ends, number, "dot", radius))
        parts += [_marker(frame, marker) for marker in self.markers]
        ends_text = ", ".join(
            f"{line.name} from {line.points[0][1]:.4g} to {line.points[-1][1]:.4g}"
            for _, line in self._drawn()
        )
        return frame.draw(*parts, label=self.description or f"{self.title}: {ends_text}")

    def _drawn(self) -> Iterator[tuple[int, Line]]:
        known = filter(lambda line: line.points, map(_finite, self.lines))
        for place, line in enumerate(known):
            yield place if line.series is None else line.series, line

    def _look(self, number: int) -> str:
        # where there are levels, only these are dashed
        return f"line s{number % SERIES}" if self.levels else mark(number, "line")

    def _is_dashed(self, number: int) -> bool:
        return not self.levels and not mark(number, "line").endswith(" d0")

    def _known_levels(self) -> list[Level]:
        return [level for level in self.levels if level.value is not None]

    def _across(self) -> Axis:
        xs = [x for line in self.lines for x, _ in [*line.points, *line.dots]]
        xs += [x for x, _ in self.x_names]
        if self.x_names and self.x_scale == "linear":
            low, high = min(xs) - 0.5, max(xs) + 0.5
        elif self.x_scale == "linear" and xs and max(xs) > min(xs):
            low, high = min(xs), max(xs)
        else:
            return Axis.around(
                xs, self.x, scale=self.x_scale, low=self.x_low, high=self.x_high, names=self.x_names
            )
        low, high = low if self.x_low is None else self.x_low, high if self.x_high is None else self.x_high
        return Axis(self.x, low, high, names=self.x_names, is_whole=self.is_whole)

    def _down(self) -> Axis:
        ys = [
            y
            for line in self.lines
            for y in (*(p[1] for p in [*line.points, *line.dots]), *line.low, *line.high)
        ]
        ys += [
            end
            for level in self._known_levels()
            for end in (level.value, level.low, level.high)
            if end is not None
        ]
        low = self.y_low
        if low is not None and self.y_scale == "linear":
            low = min([low, *ys])
        return Axis.around(ys, self.y, scale=self.y_scale, low=low, high=self.y_high, least=self.y_least)

    def _dots(
        self, frame: Frame, name: str, points: Sequence[Point], number: int, kind: str, radius: float
    ) -> Markup:
        names = dict(self.x_names)
        return Markup("").join(
            element(
                "circle",
                element("title", f"{name}, {self.x} {names.get(x, f'{x:g}')}: {y:.6g}"),
                class_=mark(number, kind),
                cx=frame.across(x),
                cy=frame.down(y),
                r=radius,
            )
            for x, y in points
            if math.isfinite(y)
        )

    def _level(self, frame: Frame, level: Level) -> Markup:
        wide = f"M{frame.left:.1f} {{y:.1f}}H{frame.width - frame.right:.1f}"
        parts = []
        if level.low is not None and level.high is not None:
            top, bottom = sorted((frame.down(level.low), frame.down(level.high)))
            box = {"x": frame.left, "y": top, "width": frame.width - frame.right - frame.left}
            parts.append(element("rect", class_=mark(level.series, "band"), **box, height=bottom - top))
        assert level.value is not None
        told = element("title", f"{level.name}: {level.value!r}")
        line = wide.format(y=frame.down(level.value))
        parts.append(element("path", told, class_=f"line level s{level.series % SERIES}", d=line))
        return Markup("").join(parts)


def _finite(line: Line) -> Line:
    """Return the line without the points that have no place."""
    known = [place for place, (_, y) in enumerate(line.points) if math.isfinite(y)]
    low, high = ([values[place] for place in known] if line.low else () for values in (line.low, line.high))
    return evolve(line, points=[line.points[place] for place in known], low=low, high=high)


def _error_bars(frame: Frame, number: int, line: Line) -> Markup:
    paths = []
    for (x, _), low, high in zip(line.points, line.low, line.high, strict=True):
        across, top, bottom = frame.across(x), frame.down(high), frame.down(low)
        paths.append(f"M{across - 3:.1f} {top:.1f}h6m-3 0V{bottom:.1f}m-3 0h6")
    return element("path", class_=f"line error s{number % SERIES}", d="".join(paths)) if paths else Markup("")


def _marker(frame: Frame, marker: Marker) -> Markup:
    x, y = frame.across(marker.x), frame.down(marker.y)
    kind = "dot open s0" if marker.is_open else "dot s0"
    told = element("title", marker.told or marker.name)
    dot = element("circle", told, class_=kind, cx=x, cy=y, r=5)
    if marker.is_open:
        return dot
    anchor, shift = ("end", -6) if x > 0.7 * frame.width else ("start", 10)
    return dot + text(x + shift, y + 18, marker.name, anchor=anchor, class_="name halo")
