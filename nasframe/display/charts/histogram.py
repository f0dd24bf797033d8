"""A histogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from nasframe.display.charts.axis import Axis
from nasframe.display.charts.frame import BAR, Frame, mark
from nasframe.display.figure import Figure, LegendEntry, Picture
from nasframe.display.markup import element
from nasframe.display.table import Cell, Column, Table
from nasframe.display.values import sparkline

__all__ = ["Bars", "Histogram"]


@frozen
class Bars:
    """The values of one series of a histogram."""

    name: str
    values: Sequence[float]


@frozen(kw_only=True)
class Histogram(Figure):
    """Series of values, counted in bins of equal width, in front of each other.

    Attributes:
        series: in the order of the legend; one without values has no bars.
        x: name of the values.
        y: name of the things that are counted.
        low, high: ends of the axis, `low < high`; a value outside is counted at the end. None is the extent
            of the values.
        bins: number of bars of each series.
        marks: name → a value that is marked by an upright line.
    """

    series: Sequence[Bars]
    x: str
    y: str = "examples"
    low: float | None = None
    high: float | None = None
    bins: int = 20
    marks: Mapping[str, float] = field(factory=dict)

    @property
    def is_empty(self) -> bool:
        """True where no series has a value."""
        return not any(bars.values for bars in self.series)

    def counts(self) -> list[list[int]]:
        """Return the number of values in each bin, for each series."""
        axis = Axis(self.x, *self._ends())
        found = [[0] * self.bins for _ in self.series]
        for counted, bars in zip(found, self.series, strict=True):
            for value in bars.values:
                counted[min(self.bins - 1, max(0, int(axis.share(value) * self.bins)))] += 1
        return found

    def data(self) -> Table:
        """Return a row for each bin of each series, the empty ones too."""
        low, high = self._ends()
        step = (high - low) / self.bins
        columns = [Column("series"), Column("from"), Column("to"), Column("count", self.y, unit="count")]
        rows: list[list[Cell]] = [
            [bars.name, low + step * place, low + step * (place + 1), count]
            for bars, counted in zip(self.series, self.counts(), strict=True)
            for place, count in enumerate(counted)
        ]
        return Table(self.name, self.title, columns, rows)

    def to_text(self, indent: str = "") -> str:
        """Return the title, and the counts of each series as a row of bars."""
        low, high = self._ends()
        where = f"{self.x}, {low:.4g} to {high:.4g}"
        columns = [Column("series"), Column("count", self.y), Column("bars", where)]
        rows: list[list[Cell]] = [
            [bars.name, len(bars.values), sparkline([count / (max(counted) or 1) for count in counted])]
            for bars, counted in zip(self.series, self.counts(), strict=True)
        ]
        return Table(self.name, self.title, columns, rows).to_text(indent)

    def entries(self) -> Sequence[LegendEntry]:
        """Return the colour of each series."""
        return [
            LegendEntry(bars.name, element("path", class_=mark(place, "bar"), d=BAR))
            for place, bars in enumerate(self.series)
        ]

    def picture(self) -> Picture:
        """Return the bars in their frame."""
        counts, (low, high) = self.counts(), self._ends()
        most = max(max(counted) for counted in counts)
        frame = Frame(x=Axis(self.x, low, high), y=Axis(self.y, 0, most * 1.12, is_whole=True))
        parts, step = [], (high - low) / self.bins
        for number, (bars, counted) in enumerate(zip(self.series, counts, strict=True)):
            for place, count in enumerate(counted):
                if count:
                    box = frame.box(low + step * place, 0, step, count)
                    ends = f"{low + step * place:.4g} to {low + step * (place + 1):.4g}"
                    told = element("title", f"{bars.name}, {self.x} {ends}: {count:,} {self.y}")
                    parts.append(element("rect", told, class_=mark(number, "bar"), **box))
        parts.append(frame.upright(self.marks))
        sizes = ", ".join(f"{len(bars.values)} {bars.name}" for bars in self.series)
        return frame.draw(*parts, label=self.description or f"{self.title}: {sizes}")

    def _ends(self) -> tuple[float, float]:
        values = [value for bars in self.series for value in bars.values]
        low = min(values, default=0.0) if self.low is None else self.low
        high = max(values, default=1.0) if self.high is None else self.high
        axis = Axis(self.x, low, high)  # whose ends are not further apart than can be said
        around = max(0.5, 0.1 * abs(axis.low))
        return (axis.low, axis.high) if axis.low < axis.high else (axis.low - around, axis.low + around)
