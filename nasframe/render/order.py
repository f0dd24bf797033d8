"""The order of cells in a drawing: those that nothing puts one after the other stand as they were made."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence

import graphviz

from nasframe.render.names import identifier
from nasframe.render.rows import holder
from nasframe.space import Resolved

__all__ = ["add_order", "parallel_cells"]

_UNSEEN = {"shape": "point", "style": "invis", "width": "0.01", "height": "0.01", "label": ""}


def add_order(graph: graphviz.Digraph, ends: Sequence[tuple[str, str | None]], prefix: str = "") -> None:
    """Put parts of a graph in an order, across its direction.

    Graphviz has no word for it. So each part gets two points that are not seen, one before it and one behind
    it, and those of one side stand on a line in the order.

    Args:
        graph: in which they are.
        ends: the first and the last node of each part; None where nothing follows it.
        prefix: of the identifiers.
    """
    befores = [(f"~before/{identifier(first, prefix)}", identifier(first, prefix)) for first, _ in ends]
    _add_line(graph, [point for point, _ in befores])
    for point, node in befores:
        graph.edge(point, node, style="invis")
    afters = [
        (identifier(last, prefix), f"~after/{identifier(last, prefix)}")
        for _, last in ends
        if last is not None
    ]
    _add_line(graph, [point for _, point in afters])
    for node, point in afters:
        graph.edge(node, point, style="invis")


def _add_line(graph: graphviz.Digraph, points: Sequence[str]) -> None:
    with graph.subgraph(graph_attr={"rank": "same"}, node_attr=_UNSEEN) as line:
        for point in points:
            line.node(point)
        for start, end in itertools.pairwise(points):
            line.edge(start, end, style="invis")


def parallel_cells(resolved: Resolved, cells: Collection[str]) -> list[list[tuple[str, str | None]]]:
    """Return the first and the last node of cells that stand beside each other, a list for each such place.

    Args:
        resolved: the derived graph.
        cells: flat names, none in another.
    """
    ends: dict[str, tuple[str, str]] = {}
    depths: dict[str, int] = {}
    for name in resolved.operations:
        owner = holder(name, cells) or name
        if owner in cells:
            ends[owner] = (ends.get(owner, (name, name))[0], name)
        depths.setdefault(owner, 0)
        for item in (item for items in resolved.arrivals.get(name, {}).values() for item in items):
            source = holder(item.source, cells) or item.source
            if source != owner:
                depths[owner] = max(depths[owner], depths[source] + (source in cells))
    found: dict[int, list[tuple[str, str | None]]] = {}
    for cell, pair in ends.items():
        found.setdefault(depths[cell], []).append(pair)
    return [pairs for pairs in found.values() if len(pairs) > 1]
