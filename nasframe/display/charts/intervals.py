"""A chart with a row for each name, and in it means with their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from markupsafe import Markup

from nasframe.display.charts.axis import Axis, Scale
from nasframe.display.charts.frame import Frame, mark, name_lines, shape
from nasframe.display.figure import Figure, LegendEntry, Picture
from nasframe.display.markup import element, text
from nasframe.display.table import Cell, Column, Estimate, Table
from nasframe.display.values import format_value

__all__ = ["Interval", "IntervalChart"]

_ROW, _KIND = 27.0, 9.0
"""Height of a row, and the distance of the means in it."""


@frozen
class Interval:
    """A mean, its interval where there is one, and the values of single seeds.

    Attributes:
        name: of its row; several of one name stand in one row.
        estimate: is left out where its mean is undefined.
        series: number of its colour and shape.
        kind: of it, for the legend; empty for no entry.
    """

    name: str
    estimate: Estimate
    series: int = 0
    kind: str = ""


@frozen(kw_only=True)
class IntervalChart(Figure):
    """Means with their intervals, row by row.

    Attributes:
        intervals: from the top.
        x: name of the values.
        unit: of the values, see `format_value`.
        scale: see `Axis`.
        low: the low end of the axis; a smaller mean is an arrow there. None is below all values.
        has_zero: True where there is a line at zero.
        row: height of a row.
        rows: names of the rows, so that several charts have the same; empty for those of the means.
    """

    intervals: Sequence[Interval]
    x: str
    unit: str = ""
    scale: Scale = "linear"
    low: float | None = None
    has_zero: bool = False
    row: float = _ROW
    rows: Sequence[str] = ()

    def data(self) -> Table:
        """Return a row for each mean."""
        kinds = any(item.kind for item in self.intervals)
        columns = [Column("name"), *([Column("kind")] if kinds else []), Column("mean", self.x)]
        rows: list[list[Cell]] = [
            [item.name, *([item.kind] if kinds else []), item.estimate] for item in self._drawn()
        ]
        return Table(self.name, self.title, columns, rows)

    def entries(self) -> Sequence[LegendEntry]:
        """Return the shape of each kind."""
        kinds = {item.kind: item.series for item in self._drawn() if item.kind}
        return [
            LegendEntry(kind, element("path", class_=mark(series, "dot"), d=shape(series, 15, 6)))
            for kind, series in kinds.items()
        ]

    def picture(self) -> Picture:
        """Return the rows in their frame; where a row has one mean, it is written beside it."""
        drawn = self._drawn()
        names = list(self.rows or dict.fromkeys(item.name for item in drawn))
        is_single = len(names) == len(drawn)
        # means of one row stand below each other, so that none hides another
        places = _places(drawn)
        most = max((len(own) for own in places.values()), default=1)
        tall = max(self.row, _KIND * most + 12, 36.0 if any(len(name_lines(n)) > 1 for n in names) else 0.0)
        width = 460.0
        frame = Frame(
            x=self._across(drawn),
            y=Axis.of_rows(names),
            width=width,
            height=tall * len(names) + 56,
            rules="x",
            right=62 if is_single else 14,
        )
        parts = []
        if self.has_zero:
            parts.append(element("path", class_="axis", d=f"M{frame.across(0):.1f} 12V{frame.bottom:.1f}"))
        for item in drawn:
            own = places[item.name]
            y = frame.down(names.index(item.name))
            y += (own.index(item.series) - (len(own) - 1) / 2) * _KIND
            parts.append(_mark(frame, item, y))
            if is_single:
                shown = format_value(item.estimate.mean, self.unit)
                parts.append(text(width - 2, y + 4, shown, anchor="end", class_="value"))
        means = ", ".join(f"{item.name} {item.estimate.mean:.4g}" for item in drawn)
        return frame.draw(*parts, label=self.description or f"{self.title}: {means}")

    def _drawn(self) -> list[Interval]:
        return [item for item in self.intervals if item.estimate.mean is not None]

    def _across(self, drawn: Sequence[Interval]) -> Axis:
        values = [0.0] if self.has_zero else []
        for item in drawn:
            found = item.estimate
            seeds = found.by_seed.values()
            values += [value for value in (found.mean, found.low, found.high, *seeds) if value is not None]
        if self.low is not None:
            values = [max(value, self.low) for value in values]
        return Axis.around(values, self.x, scale=self.scale, low=self.low)


def _places(drawn: Sequence[Interval]) -> dict[str, list[int]]:
    """Return name of a row → the series in it, from the top."""
    found: dict[str, list[int]] = {}
    for item in drawn:
        own = found.setdefault(item.name, [])
        if item.series not in own:
            own.append(item.series)
    return found


def _mark(frame: Frame, item: Interval, y: float) -> Markup:
    """Return the seeds, the interval and the mean of a row; a mean beyond the axis is an arrow at its end."""
    found, edge, series = item.estimate, frame.x.low, item.series
    assert found.mean is not None
    whose = ", ".join(filter(None, (item.name, item.kind)))
    ends = f", from {found.interval[0]:.6g} to {found.interval[1]:.6g}" if found.interval is not None else ""
    told = element("title", f"{whose}: {found.mean!r}{ends}")
    if found.mean < edge:
        left = frame.left
        return element("path", told, class_=mark(series, "dot open"), d=f"M{left:.1f} {y:.1f}l8 -4.5v9z")
    parts = [
        element(
            "circle",
            element("title", f"{whose}, seed {seed}: {value:.6g}"),
            class_=mark(series, "dot open"),
            cx=frame.across(value),
            cy=y,
            r=2.5,
            opacity=0.75,
        )
        for seed, value in found.by_seed.items()
        if value is not None and value >= edge
    ]
    if found.interval is not None:
        a, b = (frame.across(max(edge, end)) for end in found.interval)
        line = f"M{a:.1f} {y - 5:.1f}v10m0-5H{b:.1f}m0-5v10"
        parts.append(element("path", class_=mark(series, "line error"), d=line))
    point = shape(series, frame.across(found.mean), y)
    parts.append(element("path", told, class_=mark(series, "dot"), d=point))
    return Markup("").join(parts)
