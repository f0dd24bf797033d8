"""The sections that plugins add to the page of a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs
from attrs import frozen

from nasframe.display import Figure, Section, Table
from nasframe.plugins import manager
from nasframe.runs import Run
from nasframe.runtime import without_nan

__all__ = ["PluginSection", "plugin_sections", "report_unusable_sections"]

_HOOK = "report_sections"


@frozen
class PluginSection:
    """A section of a plugin.

    Attributes:
        plugin: its name.
        anchor: the name of the section within the page.
        title: its heading.
        parts: its tables, figures and paragraphs. Names of tables and figures begin with that of the plugin.
    """

    plugin: str
    anchor: str
    title: str
    parts: Sequence[Table | Figure | str]

    @property
    def tables(self) -> list[Table]:
        """Its tables."""
        return [part for part in self.parts if isinstance(part, Table)]

    @property
    def figures(self) -> list[Figure]:
        """Its figures that have data."""
        return [part for part in self.parts if isinstance(part, Figure) and not part.is_empty]


def plugin_sections(run: Run) -> list[PluginSection]:
    """Return the sections that plugins have for a run, by the names of the plugins.

    A plugin whose sections cannot be made or shown is reported, and has none.
    """
    answers = manager().gather(_HOOK, {"run": run}, _usable_sections)
    found = [(plugin, section) for plugin, sections in answers.items() for section in sections]
    return [
        PluginSection(
            plugin,
            f"plugin-{plugin}-{number}",  # counted over all: on a page a.b and a-b are written alike
            _without_markup(section.title),
            [_part_of_plugin(part, plugin) for part in section.parts],
        )
        for number, (plugin, section) in enumerate(found, start=1)
    ]


def report_unusable_sections(run: Run) -> dict[str, BaseException]:
    """Report the plugins whose sections cannot be imported; for the beginning of a run, before its work.

    Returns:
        Plugin → the error of another kind that it raised. It does not count there: there is nothing to show
        yet, and `plugin_sections` reports what is raised when there is.
    """
    return manager().check_imports(_HOOK, {"run": run}, _usable_sections)


def _usable_sections(answer: Any) -> list[Section]:
    """Return the sections that a hook returned, after one try to show and to write each of them.

    So a broken part is reported with its plugin, and takes no page with it.

    Raises:
        TypeError: it returned something else.
        Exception: a part cannot be shown or written; of any type, for a plugin may have made the part.
    """
    if answer is None:
        return []
    if not isinstance(answer, list | tuple) or not all(isinstance(item, Section) for item in answer):
        raise TypeError(f"it must return a list of nasframe.display.Section, found {answer!r}")
    for part in (part for section in answer for part in section.parts if not isinstance(part, str)):
        _try_to_show(part)
    return list(answer)


def _try_to_show(part: Table | Figure) -> None:
    """Render a part in every form of a page and its files; what that raises is the answer."""
    part.to_html()
    part.to_csv()
    json.dumps(without_nan(part.to_json()))
    if isinstance(part, Figure) and not part.is_empty:
        part.to_svg()


def _part_of_plugin(part: Table | Figure | str, plugin: str) -> Table | Figure | str:
    """Return a part of a page: a text without markup, or a table or figure whose name no other plugin has."""
    if isinstance(part, str):
        return _without_markup(part)
    return attrs.evolve(part, name=f"{plugin}-{part.name}")


def _without_markup(text: str) -> str:
    """Return a text that is escaped on the page, also where it says of itself that it is markup."""
    return str.join("", [text])
