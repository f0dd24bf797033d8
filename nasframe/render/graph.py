"""An architecture as nodes, boxes and arrows of a DOT graph, with the differences from another marked."""

from __future__ import annotations

from collections.abc import Mapping

import graphviz

from nasframe.operations import is_identity, is_zero
from nasframe.plugins import manager
from nasframe.render.difference import ArchitectureDifference
from nasframe.render.names import identifier, label, shown, without_links
from nasframe.render.tied_cells import TiedCells, holder, listed, tied_cells
from nasframe.space import Architecture, Arrival

__all__ = ["FONT", "add_network", "new_graph"]

FONT = "Helvetica,Arial,sans-serif"

# Colours tell roles apart, and the shapes tell the same to those who do not see colours.
_INPUT = {"shape": "box", "style": "filled,rounded", "fillcolor": "#dbe9f6", "color": "#3b6ea5"}
_OPERATION = {"shape": "box", "style": "filled,rounded", "fillcolor": "#fdebd0", "color": "#b9770e"}
_PORT = {"shape": "circle", "style": "filled", "fillcolor": "#ffffff", "color": "#8a8a8a", "width": "0.25"}
_FIXED = {"shape": "box", "style": "filled", "fillcolor": "#f2f2f2", "color": "#8a8a8a"}
_OUTPUT = {"shape": "box", "style": "filled", "fillcolor": "#d9ead3", "color": "#4b7f3a"}
_TIED = {"shape": "box", "style": "filled,rounded", "fillcolor": "#fafafa", "color": "#8a8a8a"}
_CELL = {
    "style": "rounded,filled",
    "color": "#c9c9c9",
    "fillcolor": "#fafafa",
    "fontsize": "12",
    "margin": "12",
}

# Differences are marked by a sign and a border too, so that they show without colours.
_CALM = {"fillcolor": "#ffffff", "color": "#a8a8a8", "fontcolor": "#555555", "class": "same"}
_LOUD = {"fillcolor": "#ffd9e4", "color": "#b0003a", "fontcolor": "#000000", "penwidth": "2.5"}
_CALM_ARROW = {"color": "#a8a8a8", "fontcolor": "#555555", "class": "same"}
_LOUD_ARROW = {
    "color": "#b0003a",
    "fontcolor": "#b0003a",
    "penwidth": "2.5",
    "arrowhead": "vee",
    "class": "differs",
}


def new_graph(name: str, **attributes: str) -> graphviz.Digraph:
    """Return an empty graph in the common style; `attributes` override those of the graph."""
    return graphviz.Digraph(
        identifier(name),
        graph_attr={
            "rankdir": "LR",
            "fontname": FONT,
            "nodesep": "0.25",
            "ranksep": "0.5",
            "bgcolor": "transparent",
            **attributes,
        },
        node_attr={"fontname": FONT, "fontsize": "11", "margin": "0.12,0.06", "height": "0.3"},
        edge_attr={"fontname": FONT, "fontsize": "9", "color": "#555555", "arrowsize": "0.7"},
    )


def add_network(
    graph: graphviz.Digraph,
    architecture: Architecture,
    difference: ArchitectureDifference | None = None,
    prefix: str = "",
) -> None:
    """Draw an architecture into a graph.

    Tied cells that keep the same are drawn once, beside the network, where each of them is one box.

    Args:
        difference: is marked; None marks nothing and keeps the colours of the roles.
        prefix: is put before every identifier, where one graph holds two networks.
    """
    resolved, tied = architecture.resolved, tied_cells(architecture, difference)
    members: dict[str, list[str]] = {}
    for name in resolved.operations:
        members.setdefault(name.rpartition("/")[0], []).append(name)
    _add_nodes(graph, "", members, architecture, difference, prefix, tied)
    for group in dict.fromkeys(tied.values()):
        first, names = group.cells[0], [cell.rpartition("/")[2] for cell in group.cells]
        attributes = {**_CELL, "label": label(group.tie.rpartition("/")[2], listed(names))}
        with graph.subgraph(name=f"cluster_{identifier(first, prefix)}", graph_attr=attributes) as box:
            _add_nodes(box, first, members, architecture, difference, prefix, tied)
    for target, ports in resolved.arrivals.items():
        for port, arrivals in ports.items():
            for arrival in arrivals:
                ends = _ends(arrival.source, target, tied)
                if ends is None:
                    continue
                lines = _on_arrow(arrival, len(ports) > 1, tied[ends[1]] if ends[1] != target else None)
                through = arrival.through
                differs = (
                    difference is not None and (arrival.source, target, port, through) in difference.arrows
                )
                if differs:
                    lines = [f"≠ {''.join(lines[:1])}".rstrip(), *lines[1:]]
                style = {} if difference is None else _LOUD_ARROW if differs else _CALM_ARROW
                graph.edge(
                    *(identifier(end, prefix) for end in ends),
                    label=label(*lines) if lines else None,
                    **style,
                )


def _add_nodes(
    graph: graphviz.Digraph,
    cell: str,
    members: Mapping[str, list[str]],
    architecture: Architecture,
    difference: ArchitectureDifference | None,
    prefix: str,
    tied: Mapping[str, TiedCells],
) -> None:
    """Add the nodes of a cell, then its inner cells as boxes inside its box."""
    for name in members.get(cell, []):
        (first, *rest), style = _appearance(name, architecture, tied.get(cell))
        spec = architecture.resolved.operations[name]
        style |= without_links(manager().style(name, spec.name if spec is not None else "input"))
        if difference is not None:
            sign, mark = _mark(name, difference, style)
            first, style = f"{sign}{shown(first)}", style | mark
        graph.node(identifier(name, prefix), label=label(first, *rest), **style)
    for inner in architecture.space.wiring.cells:
        if inner.rpartition("/")[0] == cell:
            alone = difference is not None and inner in difference.cells
            sign = "+ " if alone else ""
            if inner in tied:
                _add_tied(graph, inner, tied[inner], difference, prefix)
                continue
            attributes = {**_CELL, "label": label(f"{sign}{shown(inner.rpartition('/')[2])}")}
            if alone:
                attributes |= {"color": "#b0003a", "penwidth": "2.5", "style": "rounded,filled,dashed"}
            with graph.subgraph(name=f"cluster_{identifier(inner, prefix)}", graph_attr=attributes) as box:
                _add_nodes(box, inner, members, architecture, difference, prefix, tied)


def _add_tied(
    graph: graphviz.Digraph,
    cell: str,
    group: TiedCells,
    difference: ArchitectureDifference | None,
    prefix: str,
) -> None:
    """Add the box that stands for a row of cells which are drawn beside the network, with its first."""
    row = group.rows[cell]
    if cell != row[0]:
        return
    sign, style = "", dict(_TIED)
    if difference is not None and cell in difference.cells:
        sign, style = "+ ", style | _LOUD | {"style": "filled,rounded,dashed", "class": "differs only"}
    elif group.differs:
        sign, style = "≠ ", style | _LOUD | {"peripheries": "2", "class": "differs changed"}
    elif difference is not None:
        style |= _CALM
    first, last, tie = (name.rpartition("/")[2] for name in (row[0], row[-1], group.tie))
    lines = (
        (f"{shown(first)} … {shown(last)}", f"{len(row)} × {shown(tie)}") if len(row) > 1 else (first, tie)
    )
    graph.node(identifier(cell, prefix), label=label(f"{sign}{lines[0]}", lines[1]), **style)


def _on_arrow(arrival: Arrival, several: bool, box: TiedCells | None) -> list[str]:
    """Return the lines on an arrow.

    Args:
        several: whether it ends in a node with several ports.
        box: the cells whose box it ends in; None where it ends in a node.
    """
    operation, port = _operation(arrival), arrival.edge.port
    if box is not None:  # lines below each other, which are narrower
        port = arrival.edge.target.rpartition("/")[2] if len(box.inputs) > 1 else ""
        return [shown(part) for part in (operation, port) if part]
    # the port only where there are several, and where it is not the name of the source
    named = port if several and arrival.edge.label != port else ""
    words = " → ".join(shown(part) for part in (operation, named) if part)
    return [words] if words else []


def _operation(arrival: Arrival) -> str:
    """Return the operation on an arrow; empty where the edge could only be kept or not."""
    choice = arrival.edge.choice
    if arrival.operation is not None or choice is None:
        return arrival.through
    passing = [name for name, spec in choice.operations.items() if is_identity(spec)]
    others = [name for name, spec in choice.operations.items() if not is_zero(spec) and name not in passing]
    return passing[0] if others else ""


def _ends(source: str, target: str, tied: Mapping[str, TiedCells]) -> tuple[str, str] | None:
    """Return the nodes or boxes between which an arrow is drawn; None where another cell shows it."""
    cells = [holder(name, tied) for name in (source, target)]
    if cells[0] == cells[1] and cells[0] is not None:
        return (source, target) if cells[0] == tied[cells[0]].cells[0] else None
    start, end = (
        name if cell is None else tied[cell].rows[cell][0]
        for name, cell in zip((source, target), cells, strict=True)
    )
    return None if start == end else (start, end)


def _mark(
    name: str, difference: ArchitectureDifference, style: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """Return the sign before a node's label, and the attributes that override its style."""
    if name in difference.only:
        return "+ ", {**_LOUD, "style": f"{style.get('style', 'filled')},dashed", "class": "differs only"}
    if name in difference.changed:
        return "≠ ", {**_LOUD, "peripheries": "2", "class": "differs changed"}
    return "", _CALM


def _appearance(
    name: str, architecture: Architecture, group: TiedCells | None
) -> tuple[list[str], dict[str, str]]:
    """Return the lines of a node's label, and its attributes; `group` is that of its cell."""
    resolved = architecture.resolved
    node, spec = architecture.space.wiring.nodes[name], resolved.operations[name]
    short = name.rpartition("/")[2]
    if node.is_input:
        return [short], dict(_INPUT)
    assert spec is not None
    if node.choice is not None:
        return [short, resolved.labels[name]], dict(_OPERATION)
    if group is not None and (name in group.inputs or name == group.output):
        return [short], dict(_INPUT if name in group.inputs else _OUTPUT)
    if is_identity(spec):
        return [short], dict(_PORT)
    if name == resolved.output:
        return [short], dict(_OUTPUT)
    return [short], dict(_FIXED)
