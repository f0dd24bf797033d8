"""The places of nodes and cells: columns from the inputs to the output, and a box for each cell.

A node that decides something (it has a choice, or chooses its sources) has a row of its own, so that an edge
that passes a column runs in the row of one of its ends and never behind another node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import networkx as nx
from attrs import define, field

from nasframe.operations import is_identity, is_zero
from nasframe.render import listed
from nasframe.report.animation.tied_cells import stand_ins
from nasframe.runtime import shorten, visible
from nasframe.space import Choice, SearchSpace

__all__ = ["HEAD", "LABEL", "ROW", "Box", "inside", "is_plain", "lay_out", "shown"]

ROW = 17
"""Height of a candidate in the list of its node."""

HEAD = 25
"""Height of the head above the candidates, and of the name of a cell."""

LABEL = 13
"""Height of the label of an edge."""

_LETTER = 6.7
_BAR = 58
_GAP = 16
_LONGEST = 60


@define
class Box:
    """A node or a cell on the page.

    Attributes:
        name: flat name.
        label: the text on it.
        kind: input, port (of a cell), fixed, choice, cell, output.
        x, y, width, height: of its rectangle.
        column: number of its column among its neighbours.
        row: number of its row, None where it has none of its own.
        inner: the boxes in a cell.
        lefts, rights: of the columns in a cell.
        lane: height of the lane above the boxes in a cell, where edges pass all of them.
    """

    name: str
    label: str
    kind: str
    width: float = 0
    height: float = 0
    x: float = 0
    y: float = 0
    column: int = 0
    row: int | None = None
    inner: list[Box] = field(factory=list)
    lefts: list[float] = field(factory=list)
    rights: list[float] = field(factory=list)
    lane: float = 0

    def walk(self) -> Iterator[Box]:
        """Yield this box and all boxes in it, outer ones first."""
        yield self
        for box in self.inner:
            yield from box.walk()

    @property
    def middle(self) -> float:
        """The y of its middle."""
        return self.y + self.height / 2

    def move(self, x: float, y: float) -> None:
        """Move the box and all boxes in it."""
        for box in self.walk():
            box.x, box.y = box.x + x, box.y + y
            box.lane += y
            box.lefts = [left + x for left in box.lefts]
            box.rights = [right + x for right in box.rights]


def inside(level: str, name: str) -> str | None:
    """Return the member of cell `level` that is the node `name` or holds it; None where there is none."""
    prefix = f"{level}/" if level else ""
    if not name.startswith(prefix):
        return None
    return prefix + name[len(prefix) :].split("/")[0]


def shown(name: str) -> str:
    """Return a name of bounded length, with every character of it to be seen."""
    return shorten(visible(name), _LONGEST)


def is_plain(choice: Choice) -> bool:
    """True where the choice of an edge decides only that it is there or not."""
    return all(is_zero(spec) or is_identity(spec) for spec in choice.operations.values())


Lines = Mapping[str, Sequence[str]]
"""Flat name of a node or a cell → what stands on it below its name."""


def lay_out(space: SearchSpace, lines: Lines | None = None) -> Box:
    """Return the whole space as a box without a name, at the origin.

    Args:
        space: any.
        lines: what stands on nodes and cells, where that is not every candidate with a bar.
    """
    wiring = space.wiring
    deciding = {
        name
        for name, node in wiring.nodes.items()
        if node.choice is not None
        or any((name, port) in wiring.port_sources for port in node.ports)
        or any(edge.choice is not None for port in node.ports for edge in wiring.arrivals[name, port])
    }
    return _cell(space, "", deciding, stand_ins(space), lines)


def _cell(
    space: SearchSpace, level: str, deciding: set[str], left_out: Mapping[str, str], lines: Lines | None
) -> Box:
    """Return a cell with its members, at the origin."""
    wiring = space.wiring
    members: dict[str, Box] = {}
    for name in wiring.nodes:
        member = inside(level, name)
        if member is not None and member not in members and member not in left_out:
            cell = member in wiring.cells
            members[member] = (
                _cell(space, member, deciding, left_out, lines) if cell else _node(space, member, lines)
            )
    links = _links(space, level, members, left_out)
    _columns(members, links)
    for box in members.values():
        sourced = any(True for _ in links.predecessors(box.name))
        if box.kind == "cell" or (box.name in deciding and (sourced or box.kind == "choice")):
            box.row = 0
    names = [level, *(cell for cell, other in left_out.items() if other == level)]
    label = shown(listed([name.rpartition("/")[2] for name in names]))
    more = (lines or {}).get(level, ())
    label = ": ".join([label, ", ".join(more)]) if more else label
    made = Box(level, label, "cell", inner=list(members.values()))
    _place_members(made, links, is_outer=not level)
    if more:
        made.width = max(made.width, len(label) * 7.4 + 24)
    return made


def _node(space: SearchSpace, name: str, lines: Lines | None) -> Box:
    node = space.wiring.nodes[name]
    label = shown(name.rpartition("/")[2])
    if node.choice is not None and lines is None:
        letters = max(max(len(shown(item)) for item in node.choice.candidates), len(label) - 8)
        width = letters * _LETTER + _BAR + 26
        return Box(name, label, "choice", width, HEAD + ROW * len(node.choice.candidates) + 6)
    kind = "input" if node.is_input else "output" if name == space.wiring.output else "fixed"
    if kind == "fixed" and node.operation is not None and is_identity(node.operation):
        kind = "port"
    labelled = sum(
        edge.choice is not None and not is_plain(edge.choice)
        for port in node.ports
        for edge in space.wiring.arrivals[name, port]
    )
    width, height = max(len(label) * 7.4 + 14, 24), max(26, LABEL * labelled + 6)
    written = (lines or {}).get(name, ())
    if written:
        width = max(width, max(map(len, written)) * _LETTER + 22)
        height = max(height, HEAD + ROW * len(written) + 4)
    return Box(name, label, "choice" if node.choice is not None else kind, width, height)


def _links(
    space: SearchSpace, level: str, members: Mapping[str, Box], left_out: Mapping[str, str]
) -> nx.DiGraph[str]:
    links: nx.DiGraph[str] = nx.DiGraph()
    links.add_nodes_from(members)
    for (target, _), edges in space.wiring.arrivals.items():
        for edge in edges:
            start, end = inside(level, edge.source), inside(level, target)
            start = left_out.get(start or "", start)
            if start in members and end in members and start != end:
                links.add_edge(str(start), str(end))
    return links


def _columns(members: Mapping[str, Box], links: nx.DiGraph[str]) -> None:
    """Give each member the column of its longest path from the left; a cell after a cell is below it."""
    for name in nx.lexicographical_topological_sort(links, key=list(members).index):
        box = members[name]
        for source in links.predecessors(name):
            below = box.kind == "cell" and members[source].kind == "cell"
            box.column = max(box.column, members[source].column + int(not below))


def _place_members(cell: Box, links: nx.DiGraph[str], *, is_outer: bool) -> None:
    """Place the members of a cell, and compute its size."""
    columns: dict[int, list[Box]] = {}
    for box in cell.inner:
        columns.setdefault(box.column, []).append(box)
    gap = 30 if is_outer else _GAP
    has_lane = any(_takes_lane(cell, source, target) for source, target in links.edges)
    above = (0 if is_outer else HEAD) + (20 if has_lane else 4)
    cell.lane = above - 8

    rows = [box for box in cell.inner if box.row is not None]
    bottom = float(above)
    for index, box in enumerate(rows):
        box.row = index
        box.move(0, bottom)
        bottom += box.height + gap
    bottom = max(bottom - gap if rows else above, above)
    loose = {number: [box for box in column if box.row is None] for number, column in columns.items()}
    height = max([bottom - above, *(_stacked(boxes, 8) for boxes in loose.values())])

    left = 0.0 if is_outer else 26.0
    for number in range(max(columns, default=-1) + 1):
        column = columns.get(number, [])
        width = max((box.width for box in column), default=0)
        cell.lefts.append(left)
        cell.rights.append(left + width)
        for box in column:
            box.move(left + (0 if box.row is not None else (width - box.width) / 2), 0)
        shared = any(box.row is not None for box in column)
        _spread(loose.get(number, []), bottom + gap if shared else above, 0 if shared else height)
        arriving = sum(1 for _, target in links.edges if _of(cell, target).column == number + 1)
        left += width + (min(150, 60 + 5 * arriving) if is_outer else 46)
    cell.width = cell.rights[-1] + (0 if is_outer else 22) if cell.rights else 0
    lowest = max((box.y + box.height for box in cell.inner), default=0)
    cell.height = lowest + (2 if is_outer else 14)


def _of(cell: Box, name: str) -> Box:
    return next(box for box in cell.inner if box.name == name)


def _takes_lane(cell: Box, source: str, target: str) -> bool:
    start, end = _of(cell, source), _of(cell, target)
    return start.row is None and end.row is None and end.column > start.column + 1


def _stacked(boxes: Sequence[Box], gap: float) -> float:
    return sum(box.height + gap for box in boxes)


def _spread(boxes: Sequence[Box], top: float, height: float) -> None:
    """Place boxes below each other, in the middle of the height."""
    if not boxes:
        return
    total = sum(box.height for box in boxes)
    gap = min(max((height - total) / len(boxes), 8), 26)
    y = top + max((height - total - gap * (len(boxes) - 1)) / 2, 0)
    for box in boxes:
        box.move(0, y - box.y)
        y += box.height + gap
