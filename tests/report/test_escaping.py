"""Every page shows the words of a record as text, even where they look like markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from nasframe import Run
from nasframe.report import comparison_page, space_table_page, sweep_page
from tests.report.studies import space_table

ROOT = Path(__file__).parents[2] / "nasframe"
TEMPLATES = sorted(path for room in ("display", "report") for path in (ROOT / room / "templates").iterdir())

MARKUP_IS_MADE = {
    "display/figure.py",  # joins elements, and places the style of a file
    "display/markup.py",  # elements, of which everything is escaped
    "display/rendering.py",  # a template filled in, and the files of a package
    "display/style.py",  # the palette
    "report/drawing.py",  # what Graphviz drew
}
"""The files that say of a text that it is markup."""


class Names(HTMLParser):
    """Names of all elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}


def strange(value: Any, *, under: str = "") -> Any:
    """The record with markup in every text that people may have written."""
    if isinstance(value, dict):
        return {key: strange(item, under=key) for key, item in value.items()}
    if isinstance(value, list):
        return [strange(item, under=under) for item in value]
    kept = ("status", "kind", "folder", "metric", "objective", "metrics", "family", "key")
    if not isinstance(value, str) or under in kept:
        return value
    return f'{value}<blink onclick="x">&amp;\'</script>'


def test_templates_are_found() -> None:
    assert len(TEMPLATES) > 8


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_turns_escaping_off(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape", text)


def test_few_files_say_of_a_text_that_it_is_markup() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for room in ("display", "report")
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"\bMarkup\((?!\"\"\))", path.read_text(encoding="utf-8"))
    }
    assert found == MARKUP_IS_MADE


@pytest.mark.parametrize("kind", ["comparison", "sweep", "table"])
def test_markup_in_a_record_is_shown_as_text(
    kind: str, run: Run, pages: dict[str, Path], tmp_path: Path
) -> None:
    if kind == "table":
        record, rows = space_table(run)
        page = space_table_page(strange(record), rows)
    else:
        data = strange(json.loads((pages[kind].parent / f"{kind}.json").read_text(encoding="utf-8")))
        page = sweep_page(data) if kind == "sweep" else comparison_page(data, tmp_path)
    names = Names(page.html)
    assert "blink" not in names.found
    assert "onclick" not in names.attributes
    assert page.html.count("</script>") == 2
    assert "&lt;blink" in page.html
