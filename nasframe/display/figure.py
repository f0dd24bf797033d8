"""A figure: one record for the page, a file of its own, the console, and its data as a table."""

from __future__ import annotations

import csv
import io
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from attrs import frozen
from markupsafe import Markup

from nasframe.display.markup import element, size_classes, text
from nasframe.display.rendering import render
from nasframe.display.style import document_style
from nasframe.display.svg_conversion import convert_svg
from nasframe.display.table import Column, Table
from nasframe.runtime import visible

__all__ = ["Figure", "LegendEntry", "PanelGrid", "Picture"]

_MOST_ON_PAGE = 40_000
"""Letters of the data that a page has of one figure; `to_csv` has all of any."""

_TITLE, _ENTRY, _LETTER, _MARGIN, _GAP = 30.0, 20.0, 6.7, 10.0, 14.0


@frozen(kw_only=True)
class Picture:
    """The drawing of a figure, in units of CSS pixels.

    Attributes:
        width, height: its size.
        content: SVG elements, their colours given by CSS classes.
        label: read out to those who cannot see it.
        classes: more CSS classes on a page: `wide` where it should be scrolled rather than made small.
        least: the least width on a page; None for the one of every chart.
    """

    width: float
    height: float
    content: Markup
    label: str
    classes: str = ""
    least: float | None = None

    def to_html(self) -> Markup:
        """Return the element `svg` of a page."""
        size = size_classes(most=self.width * 1.25, least=self.least) if self.least else ""
        return element(
            "svg",
            self.content,
            class_=" ".join(filter(None, ("chart", self.classes, size))),
            role="img",
            aria_label=self.label,
            viewBox=f"0 0 {self.width:.0f} {self.height:.0f}",
        )

    __html__ = to_html


@frozen
class LegendEntry:
    """A name in a legend, with its sample: SVG elements in a box of 30 by 12 pixels."""

    name: str
    sample: Markup


@frozen(kw_only=True)
class Figure:
    """A figure. Its kinds say how it is drawn, and what its data are.

    Attributes:
        name: of its file.
        title: one line for people.
        caption: a few sentences on how it is read.
        description: read out to those who cannot see it; made of the data where there is none.
        signs: what the signs in its text mean, a few words each; they stand once below several figures.
    """

    name: str
    title: str
    caption: str = ""
    description: str = ""
    signs: Sequence[str] = ()

    @abstractmethod
    def picture(self) -> Picture:
        """Return the drawing. The figure has data."""

    @abstractmethod
    def data(self) -> Table:
        """Return the data, a row for each point that is drawn."""

    def entries(self) -> Sequence[LegendEntry]:
        """Return an entry of the legend for each series."""
        return ()

    def legend(self) -> Sequence[LegendEntry]:
        """Return the legend; a figure with one series has none."""
        entries = self.entries()
        return entries if len(entries) > 1 else ()

    def panels(self) -> Sequence[Figure]:
        """Return the figures that are drawn beside each other: this one, where it has no parts."""
        return (self,)

    @property
    def is_empty(self) -> bool:
        """True where there is nothing to draw."""
        return not self.data().rows

    def to_html(self) -> Markup:
        """Return the figure for a page, with its title as a heading of the third level."""
        panels = [] if self.is_empty else [(panel.title, panel.picture()) for panel in self.panels()]
        return render(
            "nasframe.display",
            "figure.html",
            figure=self,
            panels=panels,
            table=self.page_data() if panels else "",
        )

    __html__ = to_html

    def to_pdf(self) -> bytes:
        """Return a PDF of one page, of the size of the figure, in the colours of paper.

        Raises:
            MissingExtraError: the extra `figures` is not installed.
        """
        return convert_svg(self.to_svg(is_light=True), "pdf")

    def to_svg(self, *, is_light: bool = False) -> str:
        """Return a whole SVG document, which brings its own colours, light and dark.

        Args:
            is_light: in the colours of paper alone, as a figure of a paper has them.
        """
        picture = self._nothing() if self.is_empty else self.picture()
        entries = () if self.is_empty else self.legend()
        longest = max((len(entry.name) for entry in entries), default=0) * _LETTER + 50
        width = max(picture.width, longest, len(self.title) * 8.4) + 2 * _MARGIN
        places = _rows_of(entries, width - 2 * _MARGIN)
        height = (
            _TITLE + picture.height + _ENTRY * (max((row for _, row in places), default=-1) + 1) + _MARGIN
        )
        parts = [
            element("style", Markup(document_style(is_light=is_light))),
            element("title", self.title),
            *([element("desc", self.caption)] if self.caption else []),
            element("rect", class_="sheet", width="100%", height="100%"),
            text(width / 2, 20, self.title, anchor="middle", class_="title"),
            element("g", picture.content, transform=f"translate({_MARGIN:g} {_TITLE:g})"),
        ]
        for entry, (x, row) in zip(entries, places, strict=True):
            y = _TITLE + picture.height + _ENTRY * row
            sample = element("g", entry.sample, transform=f"translate({x + _MARGIN:.0f} {y:.0f})")
            parts += [sample, text(x + _MARGIN + 36, y + 10, entry.name, class_="name")]
        document = element(
            "svg",
            *parts,
            xmlns="http://www.w3.org/2000/svg",
            class_=f"chart {picture.classes}".strip(),
            role="img",
            aria_label=picture.label,
            width=width,
            height=height,
            viewBox=f"0 0 {width:.0f} {height:.0f}",
        )
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{document}\n'

    def _repr_svg_(self) -> str:
        """Return the picture for a notebook."""
        return self.to_svg()

    def to_csv(self) -> str:
        """Return the data as CSV."""
        return self.data().to_csv()

    def page_data(self) -> str:
        """Return the data for the script of a page, which tells and saves values: six digits of each number.

        Lines are rows, the first one the names of the columns, and tabs are between their entries. An entry
        `=` is that of the row above; in CSV no text begins so. Empty where it would make the page large.
        """
        rows = [[_short(entry) for entry in row] for row in csv.reader(io.StringIO(self.to_csv()))]
        above = [[""] * len(row) for row in rows[:1]] + rows[:-1]
        told = [
            ["=" if entry and entry == before else entry for entry, before in zip(*pair, strict=True)]
            for pair in zip(rows, above, strict=True)
        ]
        text = "\n".join("\t".join(row) for row in told)
        return text if len(text) <= _MOST_ON_PAGE else ""

    def to_json(self) -> dict[str, Any]:
        """Return plain values: `name`, `title`, `caption`, and the data's `columns` and `rows`."""
        data = self.data().to_json()
        return {
            "name": self.name,
            "title": self.title,
            "caption": self.caption,
            "columns": data["columns"],
            "rows": data["rows"],
        }

    def to_text(self, indent: str = "") -> str:
        """Return the title and the data in aligned columns."""
        return self.data().to_text(indent)

    def __str__(self) -> str:
        return self.to_text()

    def _nothing(self) -> Picture:
        words = "Nothing was recorded."
        return Picture(width=300.0, height=40.0, content=text(150, 20, words, anchor="middle"), label=words)


@frozen(kw_only=True)
class PanelGrid(Figure):
    """Several figures beside each other, with one legend.

    Attributes:
        figures: the panels, row by row; their series have the same names and numbers in each of them.
        columns: panels of a row of a file; on a page they stand as there is room.
    """

    figures: Sequence[Figure]
    columns: int = 2

    def panels(self) -> Sequence[Figure]:
        """Return the panels that have data."""
        return [figure for figure in self.figures if not figure.is_empty]

    def entries(self) -> Sequence[LegendEntry]:
        """Return the entries of all panels, each name once."""
        return list({entry.name: entry for figure in self.panels() for entry in figure.entries()}.values())

    def data(self) -> Table:
        """Return the data of all panels, with the title of the panel in the first column."""
        tables = [(figure.title, figure.data()) for figure in self.panels()]
        columns = {column.key: column for _, table in tables for column in table.columns}
        rows = []
        for title, table in tables:
            keys = [column.key for column in table.columns]
            for row in table.rows:
                known = dict(zip(keys, row, strict=True))
                rows.append([title, *(known.get(key) for key in columns)])
        return Table(self.name, self.title, [Column("panel"), *columns.values()], rows)

    def picture(self) -> Picture:
        """Return the panels in rows, each with its title above it."""
        drawn = [(figure.title, figure.picture()) for figure in self.panels()]
        columns = max(1, min(self.columns, len(drawn)))
        wide, y, parts = max(picture.width for _, picture in drawn), 0.0, []
        for first in range(0, len(drawn), columns):
            line = drawn[first : first + columns]
            for place, (title, picture) in enumerate(line):
                x = place * (wide + _GAP)
                heading = text(picture.width / 2, 14, title, anchor="middle", class_="name")
                moved = element("g", picture.content, transform="translate(0 22)")
                parts.append(element("g", heading, moved, transform=f"translate({x:.0f} {y:.0f})"))
            y += max(picture.height for _, picture in line) + 22 + _GAP
        label = f"{self.title}: {'; '.join(picture.label for _, picture in drawn)}"
        width = columns * (wide + _GAP) - _GAP
        return Picture(width=width, height=y, content=Markup("").join(parts), label=self.description or label)


def _short(entry: str) -> str:
    try:
        return f"{float(entry):.6g}"
    except ValueError:
        return visible(entry)


def _rows_of(entries: Sequence[LegendEntry], width: float) -> list[tuple[float, int]]:
    """Return the x and the row of each entry of a legend of some width."""
    found, x, row = [], 0.0, 0
    for entry in entries:
        own = 50 + len(entry.name) * _LETTER
        if x and x + own > width:
            x, row = 0.0, row + 1
        found.append((x, row))
        x += own
    return found
