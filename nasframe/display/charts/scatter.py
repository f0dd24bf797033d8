"""A scatter chart."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import frozen
from markupsafe import Markup

from nasframe.display.charts.axis import Axis, Scale
from nasframe.display.charts.frame import Frame, mark, shape
from nasframe.display.figure import Figure, LegendEntry, Picture
from nasframe.display.markup import element
from nasframe.display.table import Cell, Column, Table

__all__ = ["Cloud", "ScatterChart"]


@frozen
class Cloud:
    """Named points.

    Attributes:
        name: for the legend.
        points: (x, y).
        labels: names of the points; empty where they have none.
        is_small: True for many points in the background: they are one path, and tell no numbers.
    """

    name: str
    points: Sequence[tuple[float, float]]
    labels: Sequence[str] = ()
    is_small: bool = False


@frozen(kw_only=True)
class ScatterChart(Figure):
    """Clouds of points, each with a shape and a colour of its own.

    Attributes:
        clouds: in the order of the legend; one without points is left out.
        x, y: names of the axes.
        x_scale, y_scale: see `Axis`.
    """

    clouds: Sequence[Cloud]
    x: str
    y: str
    x_scale: Scale = "linear"
    y_scale: Scale = "linear"

    def data(self) -> Table:
        """Return a row for each point."""
        columns = [Column("cloud"), Column("point"), Column("x", self.x), Column("y", self.y)]
        rows: list[list[Cell]] = [
            [cloud.name, cloud.labels[place] if cloud.labels else str(place + 1), x, y]
            for cloud in self.clouds
            for place, (x, y) in enumerate(cloud.points)
        ]
        return Table(self.name, self.title, columns, rows)

    def to_text(self, indent: str = "") -> str:
        """Return the title, and the number and the extent of each cloud's points."""
        columns = [Column("cloud"), Column("points"), Column("x", self.x), Column("y", self.y)]
        rows: list[list[Cell]] = []
        for cloud in self._drawn():
            ends = [(min(values), max(values)) for values in zip(*cloud.points, strict=True)]
            rows.append([cloud.name, len(cloud.points), *(f"{low:.6g} to {high:.6g}" for low, high in ends)])
        return Table(self.name, self.title, columns, rows).to_text(indent)

    def entries(self) -> Sequence[LegendEntry]:
        """Return the shape of each cloud."""
        return [
            LegendEntry(cloud.name, _small(n, [(15, 6)]) if cloud.is_small else _point(n, 15, 6))
            for n, cloud in enumerate(self._drawn())
        ]

    def picture(self) -> Picture:
        """Return the points in their frame, the small ones behind."""
        clouds = self._drawn()
        points = [point for cloud in clouds for point in cloud.points]
        frame = Frame(
            x=Axis.around((x for x, _ in points), self.x, scale=self.x_scale),
            y=Axis.around((y for _, y in points), self.y, scale=self.y_scale),
        )
        parts = []
        drawn = [
            [] if cloud.is_small else [(frame.across(x), frame.down(y)) for x, y in cloud.points]
            for cloud in clouds
        ]
        for number, cloud in sorted(enumerate(clouds), key=lambda item: not item[1].is_small):
            places = [(frame.across(x), frame.down(y)) for x, y in cloud.points]
            if cloud.is_small:
                parts.append(_small(number, places))
                continue
            names = cloud.labels or [cloud.name] * len(places)
            for name, (x, y), place in zip(names, cloud.points, places, strict=True):
                told = element("title", self._told(cloud, name, x, y))
                parts.append(_point(number, *place, told, size=_size(place, drawn[number + 1 :])))
        sizes = ", ".join(f"{len(cloud.points)} of {cloud.name}" for cloud in clouds)
        return frame.draw(*parts, label=self.description or f"{self.title}: {sizes}")

    def _told(self, cloud: Cloud, name: str, x: float, y: float) -> str:
        whose = name if name == cloud.name else f"{cloud.name}, {name}"
        return f"{whose}: {self.x} {x:,.6g}, {self.y} {y:.6g}"

    def _drawn(self) -> list[Cloud]:
        return [cloud for cloud in self.clouds if cloud.points]


_CLOSE = 4.0
"""Pixels between two points of which the one on top hides the other."""


def _size(place: tuple[float, float], later: Sequence[Sequence[tuple[float, float]]]) -> float:
    """Return the size of a point, which grows with each later cloud that has one on top of it."""
    hidden = sum(any(math.dist(place, other) < _CLOSE for other in cloud) for cloud in later)
    return 1 + 0.5 * hidden


def _point(number: int, x: float, y: float, *told: Markup, size: float = 1.0) -> Markup:
    return element("path", *told, class_=mark(number, "dot"), d=shape(number, x, y, size))


def _small(number: int, places: Sequence[tuple[float, float]]) -> Markup:
    """Return many small points as one path: steps of no length with round ends."""
    path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places)
    return element("path", class_=mark(number, "points"), d=path)
