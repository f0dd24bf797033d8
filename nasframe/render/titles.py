"""Titles in a picture by Graphviz: one of the whole, and those that a browser shows where somebody points."""

from __future__ import annotations

import re

from markupsafe import escape

from nasframe.runtime import visible

__all__ = ["with_titles"]

_ROOT = re.compile(r"<svg\b[^>]*>")
_TOOLTIP = re.compile(r'<a xlink:title="([^"]*)">')


def with_titles(svg: str, title: str) -> str:
    """Return the picture with a title of its own, in which each tooltip is the title of its part.

    Graphviz writes a tooltip as the title of a link that leads nowhere, which few programs show.

    Args:
        svg: by Graphviz, which has escaped every name in it.
        title: of the whole; empty for none.
    """
    svg = _TOOLTIP.sub(lambda found: f"<title>{found[1]}</title>", svg).replace("</a>\n", "")
    if not title:
        return svg
    return _ROOT.sub(lambda found: f"{found[0]}\n<title>{escape(visible(title))}</title>", svg, count=1)
