"""SVG as PDF or PNG, by the package `typst`, which brings its fonts: the same file on every machine.

Text stays text in a PDF, in the letters that LaTeX has by default; one that this font lacks is taken from the
fonts of the system.
"""

from __future__ import annotations

import re
from typing import Literal

from nasframe.errors import MissingExtraError, RenderError

__all__ = ["can_convert_svg", "convert_svg"]

_FAMILY = "New Computer Modern"

_DOCUMENT = """\
#set document(date: none)
#set page(width: auto, height: auto, margin: 0pt, fill: white)
#image(bytes(sys.inputs.svg), format: "svg")
"""

_PIXELS = 192.0
"""Of a PNG, for each inch: two for each pixel of a page."""


def can_convert_svg() -> bool:
    """Return True where the package that converts is installed."""
    try:
        import typst  # noqa: F401
    except ImportError:
        return False
    return True


def convert_svg(svg: str, kind: Literal["pdf", "png"]) -> bytes:
    """Return a picture of nasframe's own as a PDF of one page, or as a PNG.

    Args:
        svg: an SVG document that refers to no other file.
        kind: of the result.

    Raises:
        MissingExtraError: the extra `figures` is not installed.
        RenderError: the document cannot be drawn.
    """
    try:
        import typst
    except ImportError as error:
        need = 'needs typst, which is not installed; pip install "nasframe[figures]"'
        raise MissingExtraError(f"a figure as {kind.upper()}", need) from error
    try:
        found = typst.compile(_DOCUMENT.encode(), format=kind, ppi=_PIXELS, sys_inputs={"svg": _in_font(svg)})
    except typst.TypstError as error:
        raise RenderError(f"the picture cannot be made a {kind.upper()}: {error.message}") from error
    if not isinstance(found, bytes):
        raise RenderError(f"the picture cannot be made a {kind.upper()}: it has several pages")
    return found


def _in_font(svg: str) -> str:
    """Return the document with the font in place of those that it names."""
    style = re.compile(r"(?<=<style>).*?(?=</style>)", flags=re.DOTALL)
    svg = style.sub(lambda found: re.sub(r"font-family:[^;}]*", f'font-family: "{_FAMILY}"', found[0]), svg)
    return re.sub(r'font-family="[^"]*"', f'font-family="{_FAMILY}"', svg)
