"""The route of each edge over the page, as the data of an SVG path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
from attrs import define, field, frozen

from nasframe.render import holder
from nasframe.report.animation.layout import Box, inside
from nasframe.report.animation.tied_cells import stand_ins
from nasframe.space import Choice, FlatEdge, SearchSpace

__all__ = ["Drawn", "common", "drawn_edges", "forks", "route"]


@frozen
class Drawn:
    """One drawn edge. It may stand for several edges of one decision, such as a source that feeds all ports.

    Attributes:
        source: flat name.
        target: flat name of a node, or of a cell where the edge feeds several of its ports.
        edges: the edges of the space that it stands for.
        choice: the one that decides about it; None for a fixed edge.
        candidates: of a choice among sources, the candidates that keep this edge.
        port: the port in which it ends, if the target has several and they do not share the edge.
    """

    source: str
    target: str
    edges: Sequence[FlatEdge]
    choice: Choice | None = None
    candidates: Sequence[str] = ()
    port: str = ""

    @property
    def name(self) -> str:
        """A unique name for people."""
        level, label = common(self.source, self.target), self.edges[0].label
        source = f"{level}/{label}" if level else label
        return f"{source} → {self.target}{f'.{self.port}' if self.port else ''}"


def drawn_edges(space: SearchSpace) -> list[Drawn]:
    """Return every edge of the space; those with the same source, choice and target are one.

    An edge into a tied cell that another one stands for is left out, and one from it comes from that other.
    """
    wiring, left_out = space.wiring, stand_ins(space)
    found: dict[tuple[str, str, str, str], list[FlatEdge]] = {}
    for (target, port), edges in wiring.arrivals.items():
        if holder(target, left_out) is not None:
            continue
        chosen = wiring.port_sources.get((target, port))
        choice = None if chosen is None else chosen.choice
        for given in edges:
            cell = holder(given.source, left_out)
            moved = "" if cell is None else left_out[cell] + given.source[len(cell) :]
            edge = attrs.evolve(given, source=moved) if moved else given
            made = choice or edge.choice
            owner = target.rpartition("/")[0] if _enters(edge) else target
            where = (owner, "") if made is not None and choice is None else (target, port)
            decision = made.name if made is not None else ""
            found.setdefault((edge.source, decision, *where), []).append(edge)
    drawn = []
    for (source, *_), merged in found.items():
        first = merged[0]
        chosen = wiring.port_sources.get((first.target, first.port))
        target = first.target.rpartition("/")[0] if len(merged) > 1 and _enters(first) else first.target
        choice, candidates = first.choice, tuple[str, ...]()
        if chosen is not None:
            choice, places = chosen.choice, chosen.places(first.label, (first.target, first.port))
            candidates = tuple(choice.candidates[place] for place in places)
        port = first.port if len(merged) == 1 and len(wiring.nodes[first.target].ports) > 1 else ""
        drawn.append(Drawn(source, target, merged, choice, candidates, port))
    return drawn


def _enters(edge: FlatEdge) -> bool:
    """True where an edge enters a cell from outside."""
    cell = edge.target.rpartition("/")[0]
    return bool(cell) and not edge.source.startswith(f"{cell}/")


@define
class _Lanes:
    """The number of edges in each gap, so that the next one runs beside them."""

    taken: dict[tuple[str, float], int] = field(factory=dict)

    def next(self, level: str, near: float) -> int:
        key = (level, round(near))
        self.taken[key] = self.taken.get(key, -1) + 1
        return self.taken[key]


def route(drawn: Sequence[Drawn], boxes: Mapping[str, Box], space: SearchSpace) -> list[str]:
    """Return the path of each drawn edge, in order."""
    lanes = _Lanes()
    return [_path(edge, boxes, space, lanes) for edge in drawn]


def forks(drawn: Sequence[Drawn], boxes: Mapping[str, Box]) -> list[str]:
    """Return the paths from the side of a cell to those of its ports that share an edge."""
    pairs = {
        (edge.target, flat.target): None
        for edge in drawn
        if len(edge.edges) > 1 and boxes[edge.target].kind == "cell"
        for flat in edge.edges
    }
    return [
        _bend(boxes[cell].x, _entry(boxes[cell], boxes, cell, pairs), boxes[port].x, boxes[port].middle)
        for cell, port in pairs
    ]


def _entry(box: Box, boxes: Mapping[str, Box], cell: str, pairs: Mapping[tuple[str, str], None]) -> float:
    heights = [boxes[port].middle for owner, port in pairs if owner == cell]
    return sum(heights) / len(heights) if heights else box.middle


def _path(edge: Drawn, boxes: Mapping[str, Box], space: SearchSpace, lanes: _Lanes) -> str:
    level = common(edge.source, edge.target)
    here = boxes[level]
    start, end = boxes[inside(level, edge.source) or ""], boxes[inside(level, edge.target) or ""]
    source, target = boxes[edge.source], boxes[edge.target]
    y0, y1 = source.middle, _arrival(edge, target, boxes, space)
    x0, x1 = start.x + start.width, target.x
    head = f"M{source.x + source.width:.0f} {y0:.0f}" + (f"H{x0:.0f}" if start is not source else "")
    if end.column == start.column:
        return head + _round_about(here, start, end, (x0, y0), (x1, y1), lanes)
    first, last = here.lefts[start.column + 1], here.rights[end.column - 1]
    if end.column == start.column + 1 or x1 <= first + 1:
        right = here.rights[start.column]
        return f"{head}H{right:.0f}" + _bend_on(right, y0, min(x1, end.x), y1) + f"H{x1:.0f}"
    right = here.rights[start.column]
    if end.row is not None:
        return f"{head}H{right:.0f}{_bend_on(right, y0, first, y1)}H{x1:.0f}"
    if start.row is not None:
        return f"{head}H{last:.0f}{_bend_on(last, y0, end.x, y1)}H{x1:.0f}"
    lane = here.lane - 5 * lanes.next(f"{level}^", 0)
    return (
        f"{head}H{right:.0f}{_bend_on(right, y0, first, lane)}H{last:.0f}{_bend_on(last, lane, end.x, y1)}"
        f"H{x1:.0f}"
    )


def _arrival(edge: Drawn, target: Box, boxes: Mapping[str, Box], space: SearchSpace) -> float:
    if target.kind == "cell":
        heights = [boxes[flat.target].middle for flat in edge.edges]
        return sum(heights) / len(heights)
    ports = space.wiring.nodes[edge.target].ports
    if target.kind == "choice" and len(edge.edges) == 1 and edge.choice is not None and len(ports) > 1:
        return target.y + target.height * (ports.index(edge.edges[0].port) + 1) / (len(ports) + 1)
    return target.middle


def _round_about(
    here: Box, start: Box, end: Box, a: tuple[float, float], b: tuple[float, float], lanes: _Lanes
) -> str:
    """Return a path from the right side of a cell, between the two, to the left side of a cell below it."""
    number = lanes.next(here.name, start.column + 1000 * (start.row or 0))
    column_right, column_left = here.rights[start.column], here.lefts[start.column]
    between = start.y + start.height + 15 + 5 * (number % 3)
    right, left = column_right + 16 + 6 * number, column_left - 16 - 6 * number
    (_, y0), (x1, y1) = a, b
    r = 8
    return (
        f"H{right - r:.0f}Q{right:.0f} {y0:.0f} {right:.0f} {y0 + r:.0f}V{between - r:.0f}"
        f"Q{right:.0f} {between:.0f} {right - r:.0f} {between:.0f}H{left + r:.0f}"
        f"Q{left:.0f} {between:.0f} {left:.0f} {between + r:.0f}V{y1 - r:.0f}"
        f"Q{left:.0f} {y1:.0f} {left + r:.0f} {y1:.0f}H{x1:.0f}"
    )


def common(first: str, second: str) -> str:
    """Return the innermost cell that both nodes are in."""
    a, b = first.split("/")[:-1], second.split("/")[:-1]
    shared = []
    for left, right in zip(a, b, strict=False):
        if left != right:
            break
        shared.append(left)
    return "/".join(shared)


def _bend_on(x0: float, y0: float, x1: float, y1: float) -> str:
    middle = (x0 + x1) / 2
    return f"C{middle:.0f} {y0:.0f} {middle:.0f} {y1:.0f} {x1:.0f} {y1:.0f}"


def _bend(x0: float, y0: float, x1: float, y1: float) -> str:
    return f"M{x0:.0f} {y0:.0f}{_bend_on(x0, y0, x1, y1)}"
