"""The drawing of an architecture on a page."""

from __future__ import annotations

import re

from attrs import frozen
from markupsafe import Markup, escape

from nasframe.display import size_classes
from nasframe.errors import RenderError
from nasframe.render import Drawing
from nasframe.runtime import visible

__all__ = ["PageDrawing", "on_page"]

# The identifiers that Graphviz gives; two pictures on one page would have the same ones.
_IDENTIFIERS = re.compile(r' id="[^"]*"')
_SIZE = re.compile(r'<svg width="(\d+)(?:\.\d+)?pt" height="[^"]*"')

_LEAST_SCALE = 0.64
"""The letters of a drawing are 15 px high; on a telephone this makes them 9 px at least."""


@frozen
class PageDrawing:
    """A drawing for a page.

    Attributes:
        svg: the picture; None where nothing could draw it, as `problem` says.
        label: read out to those who cannot see it.
        text: the architecture in words.
    """

    svg: Markup | None
    label: str
    text: str
    problem: str = ""


def on_page(drawn: Drawing, label: str) -> PageDrawing:
    """Return the picture of an architecture in a size that can be read."""
    try:
        svg = drawn.svg[drawn.svg.index("<svg") :]
    except RenderError as error:
        return PageDrawing(None, label, drawn.text, str(error))
    svg = _IDENTIFIERS.sub("", svg)
    found = _SIZE.match(svg)
    # at most as large as it was drawn, and at least so large that it can be read
    width = int(found[1]) * 4 // 3 if found else 800
    least = min(round(_LEAST_SCALE * width), 760)
    words, sizes = escape(visible(label)), size_classes(most=width, least=least)
    opened = f'<svg role="img" aria-label="{words}" class="{sizes}"'
    # Graphviz has escaped what stands in its picture
    return PageDrawing(Markup(_SIZE.sub(lambda _: opened, svg, count=1)), label, drawn.text)
