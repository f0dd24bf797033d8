"""A page: one HTML file that loads nothing else, with the tables and figures on it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import frozen
from markupsafe import Markup

from nasframe.display import Cell, Estimate, Figure, Table, Unit, asset, latex_text, page_style, render, slug
from nasframe.report.glossary import glossary
from nasframe.report.plugin_sections import PluginSection
from nasframe.runtime import visible_lines, without_nan, write_text

__all__ = ["PAGE", "Live", "Page", "Tile", "link_to", "make_page"]

PAGE = "report.html"


_WITH_TERMS = frozenset(
    {"run.html", "comparison.html", "sweep.html", "studies.html", "loops.html", "space_table.html"}
)
"""The pages of runs and studies, at whose foot the terms are explained."""

_LONGEST = 100  # letters of a file's name; a metric may have any


@frozen
class Tile:
    """One of the most important numbers of a page, or a name.

    Attributes:
        name: above it.
        value: text, or an estimate.
        unit: of the estimate.
    """

    name: str
    value: str | Estimate
    unit: Unit = ""

    @classmethod
    def of(cls, name: str, value: Cell, unit: Unit = "") -> Tile:
        """Return the tile of a value of any kind."""
        if isinstance(value, str | Estimate):
            return cls(name, value, unit)
        return cls(name, Estimate(value), unit)


@frozen
class Live:
    """The part of a page that a server gives out, and that asks for itself again.

    Attributes:
        script: that asks, and puts what came into the place of what was there.
        seconds: until the next time, where scripts are off.
        links: address → words, beside those of the page.
        state: one line that says how things stand.
    """

    script: Markup
    seconds: int
    links: Mapping[str, str]
    state: str


@frozen
class Page:
    """A page, and the tables and figures that are on it.

    Attributes:
        tables, figures: each has a name of its own.
        methods: a paragraph for a paper; empty for a page that has none.
    """

    tables: Sequence[Table]
    figures: Sequence[Figure]
    _template: str
    _values: Mapping[str, Any]
    methods: str = ""

    @property
    def html(self) -> str:
        """The whole page, as a file."""
        return self.to_html()

    def to_html(self, live: Live | None = None) -> str:
        """Return the whole page; with `live`, as a server gives it out."""
        links = {**self._values["links"], **({} if live is None else live.links)}
        script = self._values["script"] + (Markup("") if live is None else live.script)
        values = {**self._values, "links": links, "script": script, "live": live}
        return render("nasframe.report", self._template, contents=[], **values)

    def write(self, folder: Path) -> None:
        """Write `report.html` into a folder."""
        write_text(folder / PAGE, self.html)

    def latex_files(self) -> dict[str, bytes]:
        """Return every table, and the paragraph on the methods, as LaTeX, by the names of their files."""
        texts: dict[str, str] = {"methods.tex": latex_text(self.methods) + "\n"} if self.methods else {}
        for table in self.tables:
            texts[f"{_free(table.name, texts, 'tex')}.tex"] = table.to_latex()
        return _in_bytes(texts)

    def figure_files(self, kinds: Sequence[str] = ("svg", "pdf")) -> dict[str, bytes]:
        """Return every figure in the colours of paper, as SVG, as PDF or as both, by the names of the files.

        Raises:
            MissingExtraError: a PDF is wanted, and the extra `figures` is not installed.
        """
        contents: dict[str, bytes] = {}
        for figure in self.figures:
            name = _free(f"figure-{figure.name}", contents, kinds[0])
            for kind in kinds:
                made = figure.to_pdf() if kind == "pdf" else figure.to_svg(is_light=True).encode()
                contents[f"{name}.{kind}"] = made
        return contents

    def data_files(self) -> dict[str, bytes]:
        """Return tables as CSV and JSON, figures as SVG with their data, by the names of the files."""
        texts: dict[str, str] = {}
        items: list[Table | Figure] = [*self.tables, *self.figures]
        for item in items:
            # a figure may have the name of a table
            name = _free(item.name if isinstance(item, Table) else f"figure-{item.name}", texts)
            texts[f"{name}.csv"] = item.to_csv()
            texts[f"{name}.json"] = (
                json.dumps(without_nan(item.to_json()), indent=2, ensure_ascii=False) + "\n"
            )
            if isinstance(item, Figure):
                texts[f"{name}.svg"] = item.to_svg()
        return _in_bytes(texts)


def _in_bytes(texts: Mapping[str, str]) -> dict[str, bytes]:
    # in bytes, so that the line ends of CSV are kept on every system
    return {name: text.encode("utf-8", errors="backslashreplace") for name, text in texts.items()}


def _free(name: str, taken: Mapping[str, object], ending: str = "csv") -> str:
    """Return the name of a file without its ending; with a number where another item has it."""
    first = slug(name)[:_LONGEST] or "table"
    names = (first, *(f"{first}-{number}" for number in range(2, len(taken) + 3)))
    return next(found for found in names if f"{found}.{ending}" not in taken)


def make_page(
    template: str,
    *,
    title: str,
    about: str,
    tables: Sequence[Table],
    figures: Sequence[Figure],
    sections: Sequence[PluginSection] = (),
    data: Mapping[str, Any] | None = None,
    links: Mapping[str, str] | None = None,
    methods: Sequence[str] = (),
    **values: Any,
) -> Page:
    """Return a page.

    Args:
        template: file in the folder `templates`; it places the tables and figures by their names.
        title: of the page.
        about: one line of text below the title.
        tables, figures: on the page; an empty figure is left out.
        sections: those of plugins, with tables and figures of their own.
        data: for the scripts, JSON-able.
        links: address, relative to the page, → words, above it.
        methods: sentences for the methods section of a paper.
        values: more for the template.
    """
    drawn = [figure for figure in figures if not figure.is_empty]
    scripts = ["page.js", "pictures.js", *(["animation.js"] if (data or {}).get("animation") else [])]

    def figures_named(beginning: str) -> list[Figure]:
        return [figure for figure in drawn if figure.name.startswith(beginning)]

    whole = dict(
        title=title,
        about=about,
        links=links or {},
        style=page_style() + asset("nasframe.report", "page.css"),
        script=Markup("").join(asset("nasframe.report", name) for name in scripts),
        data=_seen(data or {}),
        tables={table.name: table for table in tables},
        figures={figure.name: figure for figure in drawn},
        figures_named=figures_named,
        glossary=glossary,
        has_glossary=template in _WITH_TERMS,
        sections=sections,
        methods=" ".join(methods),
        **values,
    )
    more_tables = [table for section in sections for table in section.tables]
    more_figures = [figure for section in sections for figure in section.figures]
    return Page([*tables, *more_tables], [*drawn, *more_figures], template, whole, methods=" ".join(methods))


def _seen(data: Any) -> Any:
    """Return data for the scripts, whose texts they show: what cannot be seen in one is written out."""
    if isinstance(data, Mapping):
        return {_seen(key): _seen(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_seen(value) for value in data]
    return visible_lines(data) if isinstance(data, str) else data


def link_to(folder: str) -> str:
    """Return the address of the page of a folder, given its path relative to the page that links to it.

    Example:
        >>> link_to("trials/a b,seed=0")
        'trials/a%20b%2Cseed%3D0/report.html'
    """
    return f"{quote(os.fsencode(folder))}/{PAGE}"
