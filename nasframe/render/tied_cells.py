"""Cells that are drawn once: tied cells that keep the same nodes and edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from nasframe.render.difference import ArchitectureDifference
from nasframe.render.rows import Row, rows_of
from nasframe.space import Architecture

__all__ = ["TiedCells", "kind_of", "listed", "tied_cells"]

_FEW = 6
"""The most cells that are listed by name."""


@frozen
class TiedCells:
    """Cells that one drawing stands for.

    Attributes:
        tie: the name that they are tied by.
        cells: their flat names; the first is the one that is drawn.
        inputs: the nodes of the first where values enter it.
        output: its node whose value leaves it.
        differs: True where something in them is marked.
        made: each cell → the row in which it stands. A row is one box.
    """

    tie: str
    cells: tuple[str, ...]
    inputs: frozenset[str]
    output: str
    differs: bool
    made: Mapping[str, Row] = field(eq=False)

    @property
    def rows(self) -> Mapping[str, tuple[str, ...]]:
        """Each cell → the cells of its row, itself among them."""
        return {cell: row.cells for cell, row in self.made.items()}


def tied_cells(
    architecture: Architecture, difference: ArchitectureDifference | None = None
) -> Mapping[str, TiedCells]:
    """Return the flat name of each cell that is not drawn in its place → the cells it is drawn with.

    These are tied cells, two or more, with the same kept nodes, operations and edges in them, and with the
    same marks of a difference. A cell inside one of these is in no other group.
    """
    found: dict[str, TiedCells] = {}
    alike: dict[tuple[str, object], list[str]] = {}
    kept = {name.rpartition("/")[0] for name in architecture.resolved.operations}
    for cell, tie in architecture.space.wiring.cells.items():
        if any(name == cell or name.startswith(f"{cell}/") for name in kept):
            alike.setdefault((tie, _inside(architecture, cell, difference)), []).append(cell)
    for (tie, _), cells in alike.items():  # outer cells first
        free = tuple(cell for cell in cells if not any(cell.startswith(f"{other}/") for other in found))
        if len(free) > 1:
            found |= dict.fromkeys(free, _group(architecture, tie, free, difference))
    return found


def listed(names: Sequence[str]) -> str:
    """Return the names of cells that are drawn once, or the first and the last of many."""
    if len(names) <= _FEW:
        return ", ".join(names)
    return f"{names[0]}, …, {names[-1]} ({len(names)} cells)"


def kind_of(tie: str) -> str:
    """Return the name of a kind of cells for people: `normal cell`, and `cell` where it says so itself."""
    return tie if "cell" in tie.lower() else f"{tie} cell"


def _inside(architecture: Architecture, cell: str, difference: ArchitectureDifference | None) -> object:
    """Return all that is drawn in a cell, without the names of what is outside; equal where that is alike."""
    prefix, resolved = f"{cell}/", architecture.resolved
    nodes = []
    for name, ports in resolved.arrivals.items():
        if not name.startswith(prefix):
            continue
        arrows = tuple(
            (port, item.source[len(prefix) :], item.through, _is_marked(difference, item.source, name, port))
            for port, items in ports.items()
            for item in items
            if item.source.startswith(prefix)
        )
        marks = difference is not None and (name in difference.only, name in difference.changed)
        nodes.append((name[len(prefix) :], resolved.labels[name], marks, arrows))
    return tuple(nodes), difference is not None and cell in difference.cells


def _is_marked(difference: ArchitectureDifference | None, source: str, target: str, port: str) -> bool:
    return difference is not None and any(arrow[:3] == (source, target, port) for arrow in difference.arrows)


def _group(
    architecture: Architecture,
    tie: str,
    cells: tuple[str, ...],
    difference: ArchitectureDifference | None,
) -> TiedCells:
    first, wiring, kept = f"{cells[0]}/", architecture.space.wiring, architecture.resolved.operations
    entering, leaving = set(), {wiring.output}
    for (target, _), edges in wiring.arrivals.items():
        for edge in edges:
            crosses = target.startswith(first) != edge.source.startswith(first)
            if crosses and target.startswith(first):
                entering.add(target)
            elif crosses:
                leaving.add(edge.source)
    output = next((name for name in kept if name in leaving and name.startswith(first)), "")
    marked = difference is not None and any(
        name.startswith(first) for name in (*difference.only, *difference.changed)
    )
    marked = marked or (
        difference is not None
        and any(
            source.startswith(first) and target.startswith(first) for source, target, *_ in difference.arrows
        )
    )
    rows = rows_of(architecture, cells, difference)
    return TiedCells(tie, cells, frozenset(entering), output, marked, rows)
