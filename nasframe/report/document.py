"""The frame of every page: one HTML file that loads nothing else."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from attrs import frozen

from nasframe.report.markup import esc, slug

__all__ = ["Section", "html_page"]

# The browser refuses every request that the page might make.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


@frozen
class Section:
    """A part of a page: its title as text, and its content as HTML."""

    title: str
    content: str


def html_page(
    title: str,
    about: str,
    sections: Sequence[Section],
    *,
    lead: str = "",
    data: Mapping[str, Any] | None = None,
) -> str:
    """Return a whole page.

    Args:
        title: of the page.
        about: one line of text below the title.
        sections: in order; each is in the table of contents.
        lead: HTML before the first section.
        data: for the scripts, JSON-able.
    """
    links = "".join(f'<li><a href="#{slug(part.title)}">{esc(part.title)}</a></li>' for part in sections)
    body = "\n".join(
        f'<section id="{slug(part.title)}" aria-labelledby="{slug(part.title)}-title">'
        f'<h2 id="{slug(part.title)}-title">{esc(part.title)}</h2>\n{part.content}</section>'
        for part in sections
    )
    # "</script>" in a name must not end the script
    scripts = _asset("page.js") + (_asset("animation.js") if data and data.get("animation") else "")
    inlined = json.dumps(data or {}, separators=(",", ":")).replace("<", "\\u003c")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="color-scheme" content="light dark">
<title>{esc(title)}</title>
<style>
{_asset("page.css")}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<div><h1>{esc(title)}</h1><p>{esc(about)}</p></div>
<button type="button" id="theme" class="controls" hidden>Dark</button>
</header>
<div class="columns">
<nav class="controls" aria-label="Contents"><ol>{links}</ol></nav>
<main id="content" tabindex="-1">
{lead}
{body}
</main>
</div>
<script type="application/json" id="data">{inlined}</script>
<script>
{scripts}</script>
</body>
</html>
"""


@functools.cache
def _asset(name: str) -> str:
    return resources.files("nasframe.report").joinpath("assets", name).read_text(encoding="utf-8")
