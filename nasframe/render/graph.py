"""An architecture as nodes, boxes and arrows of a DOT graph, with the differences from another marked.

Who points at a node or an arrow reads more about it (`nasframe.render.hover`).
"""

from __future__ import annotations

from collections.abc import Mapping

import graphviz

from nasframe.operations import is_identity, is_zero
from nasframe.plugins import manager
from nasframe.render.difference import ArchitectureDifference
from nasframe.render.hover import Hover
from nasframe.render.names import identifier, label, shown, tooltip, without_links
from nasframe.render.order import add_order, parallel_cells
from nasframe.render.rows import Taken, holder
from nasframe.render.tied_cells import TiedCells, kind_of, listed, tied_cells
from nasframe.space import Architecture, Arrival

__all__ = ["FONT", "add_network", "new_graph"]

FONT = "Helvetica,Arial,sans-serif"

# Colours tell roles apart, and the shapes tell the same to those who do not see colours.
_INPUT = {"shape": "box", "style": "filled,rounded", "fillcolor": "#dbe9f6", "color": "#3b6ea5"}
_OPERATION = {"shape": "box", "style": "filled,rounded", "fillcolor": "#fdebd0", "color": "#b9770e"}
_PORT = {
    "shape": "circle",
    "style": "filled",
    "fillcolor": "#ffffff",
    "color": "#8a8a8a",
    "width": "0.25",
    "margin": "0.08,0.04",
}
_WIDE = {"shape": "box", "style": "filled,rounded"}
_LONGEST_IN_CIRCLE = 6
_FIXED = {"shape": "box", "style": "filled", "fillcolor": "#f2f2f2", "color": "#8a8a8a"}
_OUTPUT = {"shape": "box", "style": "filled", "fillcolor": "#d9ead3", "color": "#4b7f3a"}
_TIED = {"shape": "box", "style": "filled,rounded", "fillcolor": "#fafafa", "color": "#8a8a8a"}
_CELL = {
    "style": "rounded,filled",
    "color": "#c9c9c9",
    "fillcolor": "#fafafa",
    "fontcolor": "#000000",
    "fontsize": "12",
    "margin": "12",
}

# The name of a port is small, slanted and pale, and stands at the end of the arrow: it is no operation.
_PORT_NAME = {
    "labelfontname": "Helvetica-Oblique",
    "labelfontsize": "8",
    "labelfontcolor": "#6b6b6b",
    "labeldistance": "1.5",
    "labelangle": "-32",
}
_TIPS = {"label": "labeltooltip", "headlabel": "headtooltip", "taillabel": "tailtooltip"}
"""Text on an arrow → what is shown to those who point at it."""

_GIVEN = "#555555"
"""Of an operation that was not searched."""

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
        node_attr={"fontname": FONT, "fontsize": "11", "margin": "0.17,0.06", "height": "0.3"},
        edge_attr={
            "fontname": FONT,
            "fontsize": "9",
            "fontcolor": "#6f4505",
            "color": "#555555",
            "arrowsize": "0.7",
            **_PORT_NAME,
        },
    )


def add_network(
    graph: graphviz.Digraph,
    hover: Hover,
    difference: ArchitectureDifference | None = None,
    prefix: str = "",
) -> None:
    """Draw an architecture into a graph.

    Tied cells that keep the same are drawn once, beside the network, where each of them is one box.

    Args:
        graph: the picture.
        hover: the architecture, with what is known about its parts.
        difference: is marked; None marks nothing and keeps the colours of the roles.
        prefix: is put before every identifier, where one graph holds two networks.
    """
    architecture = hover.architecture
    resolved, tied = architecture.resolved, tied_cells(architecture, difference)
    members: dict[str, list[str]] = {}
    for name in resolved.operations:
        members.setdefault(name.rpartition("/")[0], []).append(name)
    _add_nodes(graph, "", members, hover, difference, prefix, tied)
    parts: list[tuple[str, str | None]] = []
    for kinds in dict.fromkeys(tied.values()):
        first, names = kinds.cells[0], [cell.rpartition("/")[2] for cell in kinds.cells]
        kind = f"{kind_of(shown(kinds.tie.rpartition('/')[2]))} × {len(names)}"
        attributes = {**_CELL, "label": label(kind, listed(names))}
        with graph.subgraph(name=f"cluster_{identifier(first, prefix)}", graph_attr=attributes) as box:
            _add_nodes(box, first, members, hover, difference, prefix, tied)
        parts.append((next(name for name in resolved.operations if name.startswith(f"{first}/")), None))
    for target, ports in resolved.arrivals.items():
        for port, arrivals in ports.items():
            for arrival in arrivals:
                drawn = _ends(arrival, tied)
                if drawn is None:
                    continue
                differs = difference is not None and (
                    (arrival.source, target, port, arrival.through) in difference.arrows
                )
                style = {} if difference is None else _LOUD_ARROW if differs else _CALM_ARROW
                texts = _on_arrow(arrival, tied, "≠ " * differs, several=len(ports) > 1)
                told = tooltip(hover.arrow(arrival))
                texts |= {"tooltip": told, **{_TIPS[key]: told for key in texts if key in _TIPS}}
                ends = (identifier(end, prefix) for end in drawn)
                graph.edge(*ends, **texts | style)
    # the network stands below the kinds of its cells
    parts += [(name, None) for name in resolved.operations if holder(name, tied) is None][:1] if parts else []
    beside = [cell for cell in architecture.space.wiring.cells if "/" not in cell and cell not in tied]
    for group in (parts, *parallel_cells(resolved, beside)):
        if len(group) > 1:
            add_order(graph, group, prefix)


def _add_nodes(
    graph: graphviz.Digraph,
    cell: str,
    members: Mapping[str, list[str]],
    hover: Hover,
    difference: ArchitectureDifference | None,
    prefix: str,
    tied: Mapping[str, TiedCells],
) -> None:
    """Add the nodes of a cell, then its inner cells as boxes inside its box."""
    architecture = hover.architecture
    for name in members.get(cell, []):
        (first, *rest), style = _appearance(name, architecture, tied.get(cell))
        spec = architecture.resolved.operations[name]
        style |= without_links(manager().style(name, spec.name if spec is not None else "input"))
        if difference is not None:
            sign, mark = _mark(name, difference, style)
            first, style = f"{sign}{shown(first)}", style | mark
        style["tooltip"] = tooltip(hover.node(name))
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
                _add_nodes(box, inner, members, hover, difference, prefix, tied)


def _add_tied(
    graph: graphviz.Digraph,
    cell: str,
    group: TiedCells,
    difference: ArchitectureDifference | None,
    prefix: str,
) -> None:
    """Add the box that stands for a row of cells which are drawn beside the network, with its first."""
    row = group.made[cell]
    if cell != row.cells[0]:
        return
    sign, style = "", dict(_TIED)
    if difference is not None and cell in difference.cells:
        sign, style = "+ ", style | _LOUD | {"style": "filled,rounded,dashed", "class": "differs only"}
    elif group.differs:
        sign, style = "≠ ", style | _LOUD | {"peripheries": "2", "class": "differs changed"}
    elif difference is not None:
        style |= _CALM
    first, last, tie = (name.rpartition("/")[2] for name in (cell, row.cells[-1], group.tie))
    lines = [first, tie]
    if len(row.cells) > 1:
        rules = [_rule(item) for item in row.takes]
        lines = [f"{shown(first)} … {shown(last)}", f"{shown(tie)} × {len(row.cells)}", *rules]
    if len(lines) > 2:
        style["margin"] = "0.3,0.06"
    style["tooltip"] = tooltip([f"{', '.join(row.cells)}: {group.tie}"])
    graph.node(identifier(cell, prefix), label=label(f"{sign}{lines[0]}", *lines[1:]), **style)


def _rule(taken: Taken) -> str:
    """Return the line on a box that says what each cell of its row takes."""
    source = f"{taken.before} before" if taken.before else shown(taken.source.rpartition("/")[2])
    operation = _operation(taken.arrival)
    return f"{shown(_entry(taken.arrival))} ← {source}{f', {operation}' if operation else ''}"


def _on_arrow(arrival: Arrival, tied: Mapping[str, TiedCells], sign: str, *, several: bool) -> dict[str, str]:
    """Return the attributes of an arrow for the texts on it: its operation, and at its ends cells and ports.

    Args:
        arrival: the arrow.
        tied: cells that are drawn beside the network.
        sign: before the operation.
        several: whether it ends in a node with several ports.
    """
    edge, start, end = arrival.edge, holder(arrival.source, tied), holder(arrival.edge.target, tied)
    operation = f"{sign}{_operation(arrival)}".rstrip()
    found = {"fontcolor": _GIVEN} if operation and edge.choice is None else {}
    if start == end or end is None:
        # the port only where there are several, and where it is not the name of the source
        port = edge.port if several and edge.label != edge.port else ""
        leaving = "" if start == end else _left(arrival, tied)
        texts = {"label": operation, "headlabel": port, "taillabel": leaving}
        return found | {key: label(words) for key, words in texts.items() if words}
    group, row = tied[end], tied[end].made[end]
    entry = _entry(arrival) if len(group.inputs) > 1 else ""
    if row.is_of_each(arrival, arrival.source):
        entry = f"{entry} of each".strip()
    elif end != row.cells[0]:
        entry = f"{end.rpartition('/')[2]} {entry}".strip()
    leaving = _left(arrival, tied)
    # lines below each other, which are narrower
    ends = f"{leaving} → {entry}".strip() if leaving or entry else ""
    lines = [words for words in (operation, ends) if words]
    return found | ({"label": label(*lines)} if lines else {})


def _left(arrival: Arrival, tied: Mapping[str, TiedCells]) -> str:
    """Return the cell that an arrow leaves, where that is not the last one of the row that is drawn."""
    start = holder(arrival.source, tied)
    if start is None or start == tied[start].made[start].cells[-1]:
        return ""
    return start.rpartition("/")[2]


def _entry(arrival: Arrival) -> str:
    """Return the name of the place where an arrow enters a tied cell."""
    return arrival.edge.target.rpartition("/")[2]


def _operation(arrival: Arrival) -> str:
    """Return the operation on an arrow; empty where the edge could only be kept or not.

    One that was not searched stands in parentheses.
    """
    choice = arrival.edge.choice
    if choice is None:
        return f"({arrival.through})" if arrival.through else ""
    if arrival.operation is not None:
        return arrival.through
    passing = [name for name, spec in choice.operations.items() if is_identity(spec)]
    others = [name for name, spec in choice.operations.items() if not is_zero(spec) and name not in passing]
    return passing[0] if others else ""


def _ends(arrival: Arrival, tied: Mapping[str, TiedCells]) -> tuple[str, str] | None:
    """Return the nodes or boxes between which an arrow is drawn; None where something else tells it."""
    source, target = arrival.source, arrival.edge.target
    cells = [holder(name, tied) for name in (source, target)]
    if cells[0] == cells[1] and cells[0] is not None:
        return (source, target) if cells[0] == tied[cells[0]].cells[0] else None
    start, end = (
        name if cell is None else tied[cell].rows[cell][0]
        for name, cell in zip((source, target), cells, strict=True)
    )
    if cells[1] is not None and cells[1] != end and tied[cells[1]].made[cells[1]].is_of_each(arrival, source):
        return None
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
    if node.choice is not None:
        return [short, resolved.labels[name]], dict(_OPERATION)
    # in parentheses: it was not searched
    fixed = [] if spec is None or is_identity(spec) or spec.name == short else [f"({spec.name})"]
    if node.is_input:
        return [short, *fixed], dict(_INPUT)
    if group is not None and (name in group.inputs or name == group.output):
        return [short, *fixed], dict(_INPUT if name in group.inputs else _OUTPUT)
    if spec is not None and is_identity(spec):
        return [short], dict(_PORT if len(short) <= _LONGEST_IN_CIRCLE else _PORT | _WIDE)
    return [short, *fixed], dict(_OUTPUT if name == resolved.output else _FIXED)
