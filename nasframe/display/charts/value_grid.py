"""A grid of numbers with shades: an estimate for each pair of values of two options."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from markupsafe import Markup

from nasframe.display.charts.axis import Axis
from nasframe.display.charts.frame import Frame
from nasframe.display.figure import Figure, Picture
from nasframe.display.markup import element, text
from nasframe.display.table import Cell, Column, Estimate, Table
from nasframe.display.values import Unit, format_value

__all__ = ["ValueGrid"]

_LEAST, _TALL, _VALUE, _ENDS = 76.0, 48.0, 7.2, 6.4
"""Width and height of a cell, and the width of a letter of a mean and of its ends."""


@frozen(kw_only=True)
class ValueGrid(Figure):
    """Estimates in rows and columns, darker where the mean is larger.

    Attributes:
        values: row → column → estimate; its mean is None where there is none.
        rows, columns: name of the option, and its values as text.
        keys: of both options in CSV and JSON.
        notes: shown where there is no mean, such as `failed`; empty for none.
        framed: row and column of the cell with a frame; None for none.
        unit: of the means, see `format_value`.
        extent: the means of the lightest and the darkest shade, where several figures share them.
    """

    values: Sequence[Sequence[Estimate]]
    rows: tuple[str, Sequence[str]]
    columns: tuple[str, Sequence[str]]
    keys: tuple[str, str] = ("row", "column")
    notes: Sequence[Sequence[str]] = ()
    framed: tuple[int, int] | None = None
    unit: Unit = ""
    extent: tuple[float, float] | None = None

    def data(self) -> Table:
        """Return a row for each pair of values."""
        columns = [Column(self.keys[0], self.rows[0]), Column(self.keys[1], self.columns[0])]
        columns.append(Column("mean", unit=self.unit))
        found: list[list[Cell]] = [
            [row, column, self.values[y][x]]
            for y, row in enumerate(self.rows[1])
            for x, column in enumerate(self.columns[1])
        ]
        return Table(self.name, self.title, columns, found)

    def to_text(self, indent: str = "") -> str:
        """Return the title and the grid in aligned columns."""
        head = Column("row", f"{self.rows[0]} \\ {self.columns[0]}")
        columns = [head, *(Column(name, name, self.unit) for name in self.columns[1])]
        notes = self.notes or [[""] * len(row) for row in self.values]
        rows: list[list[Cell]] = [
            [name, *(note if value.mean is None else value for value, note in zip(line, own, strict=True))]
            for name, line, own in zip(self.rows[1], self.values, notes, strict=True)
        ]
        return Table(self.name, self.title, columns, rows).to_text(indent)

    def picture(self) -> Picture:
        """Return the grid in its frame, each mean above its interval."""
        known = [value.mean for row in self.values for value in row if value.mean is not None]
        low, high = self.extent or (min(known, default=0.0), max(known, default=1.0))
        across = [(float(place), name) for place, name in enumerate(self.columns[1])]
        x = Axis(self.columns[0], -0.5, len(across) - 0.5, names=across)
        frame = Frame(x=x, y=Axis.of_rows(self.rows[1], self.rows[0]), rules="", right=4)
        width, height = frame.left + self._cell_width() * len(across) + 4, _TALL * len(self.rows[1]) + 56
        frame = Frame(x=x, y=frame.y, rules="", right=4, width=max(width, 240), height=height)
        parts = []
        for row, name in enumerate(self.rows[1]):
            for column, value in enumerate(self.values[row]):
                where = f"{self.rows[0]} {name}, {self.columns[0]} {self.columns[1][column]}"
                note = self.notes[row][column] if self.notes else ""
                # light enough that the number on it can be read, on a light page and on a dark one
                is_known = value.mean is not None and high > low
                share = Axis("", low, high).share(value.mean or 0.0) if is_known else 0.35
                parts.append(self._cell(frame, row, column, value, where, note, 0.05 + 0.43 * share))
        told = (
            f"from {format_value(min(known), self.unit)} to {format_value(max(known), self.unit)}"
            if known
            else "no value"
        )
        label = self.description or f"{self.title}: {told}"
        return frame.draw(*parts, label=label, classes="wide", least=min(frame.width, 420))

    def _cell_width(self) -> float:
        """Return the width that has room for every text of the grid."""
        cells = [value for row in self.values for value in row]
        means = [*(value.mean_text(self.unit) for value in cells), *self.columns[1]]
        means += [note for row in self.notes for note in row]
        ends = max((len(self._ends(value)) for value in cells), default=0)
        return max(_LEAST, _VALUE * max(map(len, means), default=0) + 16, _ENDS * ends + 16)

    def _ends(self, value: Estimate) -> str:
        # the mean above has the unit
        return value.ends_text(self.unit).replace(f" {self.unit}", "") if self.unit else value.ends_text()

    def _cell(
        self, frame: Frame, row: int, column: int, value: Estimate, where: str, note: str, shade: float
    ) -> Markup:
        box = {**frame.box(column - 0.48, row - 0.47, 0.96, 0.94), "rx": 5}
        x, y = frame.across(column), frame.down(row)
        if value.mean is None:
            inside = text(x, y + 4, note or "—", anchor="middle")
            return element("rect", class_="missing", **box) + inside
        parts = [
            element("title", f"{where}: {value.mean!r}"),
            element("rect", class_="cold", **box),
            element("rect", class_="h frame", fill_opacity=round(shade, 3), **box),
        ]
        ends = self._ends(value)
        shown = value.mean_text(self.unit)
        parts.append(text(x, y + (-3 if ends else 4), shown, anchor="middle", class_="value"))
        if ends:
            parts.append(text(x, y + 14, ends, anchor="middle", class_="value spread"))
        return element("g", *parts, class_="framed" if (row, column) == self.framed else None)
