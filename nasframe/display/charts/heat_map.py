"""A heat map: rows of shares from 0 to 1 over epochs, or over another axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import field, frozen
from markupsafe import Markup

from nasframe.display.charts.axis import Axis
from nasframe.display.charts.frame import BAR, Frame
from nasframe.display.figure import Figure, LegendEntry, Picture
from nasframe.display.markup import element, text
from nasframe.display.table import Cell, Column, Table
from nasframe.display.values import sparkline
from nasframe.runtime import counted

__all__ = ["HeatMap"]

_LEVELS = 10

_READABLE = 20.0
"""Lower rows would be too low for their letters on a narrow page, which scrolls them instead."""


@frozen(kw_only=True)
class HeatMap(Figure):
    """Rows of cells, darker where the share is larger.

    Attributes:
        rows: name → part of it → a share for each cell, None where it is undefined. Where every name has one
            part, the part is not written.
        x: name of the horizontal axis.
        low, high: ends of the horizontal axis; the cells divide it evenly.
        part: name of the parts.
        most: the most parts of a name that are shown; of more, those with the largest shares in any cell,
            and the sum of the others. The data has all. 0 shows all.
        marks: name → a place that is marked by an upright line.
        is_whole: True where the horizontal axis has whole numbers only.
        follows: True where the slider of the epochs moves a mark over the chart.
        row: height of a row.
        has_legend: True where the shades have a legend.
    """

    rows: Mapping[str, Mapping[str, Sequence[float | None]]]
    x: str
    low: float
    high: float
    part: str = "part"
    most: int = 0
    marks: Mapping[str, float] = field(factory=dict)
    is_whole: bool = False
    follows: bool = False
    row: float = 15.0
    has_legend: bool = False

    def entries(self) -> Sequence[LegendEntry]:
        """Return the shades of a few shares, where they are wanted."""
        if not self.has_legend:
            return []
        cold = element("path", class_="cold", d=BAR)
        return [
            LegendEntry(f"{share:g}", cold + element("path", class_="h", fill_opacity=share, d=BAR))
            for share in (0.0, 0.5, 1.0)
        ]

    def data(self) -> Table:
        """Return a row for each cell, with the middle of its place on the axis."""
        columns = [Column("row"), Column("part", self.part), Column("x", self.x), Column("share")]
        rows: list[list[Cell]] = [
            [name, part, self.low + self._step(values) * (place + 0.5), value]
            for name, parts in self.rows.items()
            for part, values in parts.items()
            for place, value in enumerate(values)
        ]
        return Table(self.name, self.title, columns, rows)

    def page_data(self) -> str:
        """Return the data for the script of a page; nothing where the slider follows the search.

        Such a page has the shares of the search already, of which its script makes the same rows.
        """
        return "" if self.follows else super().page_data()

    def to_text(self, indent: str = "") -> str:
        """Return the title, and each row as bars with its first and last share."""
        columns = [Column("row"), Column("part", self.part), Column("course", self.x)]
        columns += [Column("first"), Column("last")]
        rows: list[list[Cell]] = [
            [name, part, sparkline([value or 0.0 for value in values]), values[0], values[-1]]
            for name, parts in self._shown().items()
            for part, values in parts.items()
        ]
        return Table(self.name, self.title, columns, rows).to_text(indent)

    def picture(self) -> Picture:
        """Return the rows in their frame; cells of one shade are one path."""
        lines = list(self._lines())
        names = ["" if values is None else name for name, values in lines]
        frame = Frame(
            x=Axis(self.x, self.low, self.high, is_whole=self.is_whole),
            y=Axis.of_rows(names),
            width=460.0,
            height=self.row * len(lines) + 60,
            rules="",
        )
        grooves, shades, heads = list[str](), dict[int, list[str]](), list[Markup]()
        told, row = list[Markup](), ""
        tall = (frame.bottom - frame.down(len(lines) - 0.5 - 1)) - 2
        for line, (name, values) in enumerate(lines):
            y = frame.down(line) - tall / 2
            if values is None:
                row = name
                heads.append(text(4, y + tall / 2 + 4, name, class_="name"))
                continue
            step = self._step(values)
            end = frame.across(self.low + step * len(values))
            # not seen: who points at it is told the share there
            box = {"x": frame.left, "y": y, "width": end - frame.left, "height": tall}
            places = f"{self.low:g} {self.high:g} {len(values)}"
            title = element("title", f"{row}: {name}" if row else name)
            marks = {"data_row": row or name, "data_part": name, "data_places": places}
            told.append(element("rect", title, class_="unseen", **marks, **box))
            grooves.append(f"M{frame.left:.1f} {y:.1f}H{end:.1f}v{tall:.1f}H{frame.left:.1f}z")
            for level, first, length in _runs(values):
                a, b = (frame.across(self.low + step * place) for place in (first, first + length))
                shades.setdefault(level, []).append(f"M{a:.1f} {y:.1f}H{b:.1f}v{tall:.1f}H{a:.1f}z")
        parts = [element("path", class_="cold", d="".join(grooves))]
        parts += [
            element("path", class_="h", fill_opacity=level / _LEVELS, d="".join(paths))
            for level, paths in sorted(shades.items())
            if level
        ]
        parts += [*told, *heads, frame.upright(self.marks), *([frame.now()] if self.follows else [])]
        ends = ", ".join(
            f"{name} {max(parts, key=lambda part, of=parts: of[part][-1] or 0)}"  # type: ignore[misc]
            for name, parts in list(self.rows.items())[:8]
        )
        label = (
            self.description or f"{self.title}: {counted(len(self.rows), 'row')}; largest at the end: {ends}"
        )
        return frame.draw(*parts, label=label, classes="heat" if self.row < _READABLE else "")

    @property
    def is_empty(self) -> bool:
        """True where there is no row with a cell."""
        return not any(values for parts in self.rows.values() for values in parts.values())

    def _lines(self) -> Iterator[tuple[str, Sequence[float | None] | None]]:
        """Yield the lines of the chart: a name alone, above its parts; or a name or part with its values."""
        is_plain = all(len(parts) == 1 for parts in self.rows.values())
        for name, parts in self._shown().items():
            if not is_plain:
                yield name, None
            for part, values in parts.items():
                yield name if is_plain else part, values

    def _shown(self) -> Mapping[str, Mapping[str, Sequence[float | None]]]:
        """Return the rows that are shown: with few parts each, in the order of all."""
        if not self.most:
            return self.rows
        return {name: _largest(parts, self.most) for name, parts in self.rows.items()}

    def _step(self, values: Sequence[float | None]) -> float:
        return (self.high - self.low) / len(values)


def _largest(parts: Mapping[str, Sequence[float | None]], most: int) -> Mapping[str, Sequence[float | None]]:
    """Return at most so many parts, and the sum of the others."""
    if len(parts) <= most + 1:  # the sum takes a row, too
        return parts
    order = sorted(parts, key=lambda part: -max(value or 0.0 for value in parts[part]))
    kept, others = {*order[:most]}, order[most:]
    sums = [sum(value or 0.0 for value in values) for values in zip(*map(parts.get, others), strict=True)]
    return {part: values for part, values in parts.items() if part in kept} | {f"{len(others)} others": sums}


def _runs(values: Sequence[float | None]) -> list[tuple[int, int, int]]:
    """Return runs of equal levels: level, first cell, number of cells."""
    found: list[tuple[int, int, int]] = []
    for place, value in enumerate(values):
        level = round(_LEVELS * min(1.0, max(0.0, value or 0.0)))
        if found and found[-1][0] == level:
            found[-1] = (level, found[-1][1], found[-1][2] + 1)
        else:
            found.append((level, place, 1))
    return found
