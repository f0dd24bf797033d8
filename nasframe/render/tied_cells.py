"""Cells that are drawn once: tied cells that keep the same nodes and edges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import field, frozen

from nasframe.render.difference import ArchitectureDifference
from nasframe.space import Architecture

__all__ = ["TiedCells", "holder", "listed", "tied_cells"]

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
        rows: each cell → those with which it stands in a row, itself among them: each takes nothing but the
            output of the one before it, as it is, and nothing else takes that. A row is one box.
    """

    tie: str
    cells: tuple[str, ...]
    inputs: frozenset[str]
    output: str
    differs: bool
    rows: Mapping[str, tuple[str, ...]] = field(eq=False)


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


def holder(name: str, cells: Iterable[str]) -> str | None:
    """Return the one of some cells that holds a node; None where none does."""
    return next((cell for cell in cells if name.startswith(f"{cell}/")), None)


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
    rows = _rows(architecture, cells)
    return TiedCells(tie, cells, frozenset(entering), output, marked, rows)


def _rows(architecture: Architecture, cells: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return each cell → the row in which it stands; see `TiedCells`."""
    entering: dict[str, list[str]] = {}
    leaving: dict[str, list[str]] = {}
    for target, ports in architecture.resolved.arrivals.items():
        for item in (item for items in ports.values() for item in items):
            ends = [holder(name, cells) or name for name in (item.source, target)]
            if ends[0] != ends[1]:
                unchanged = item.edge.choice is None and item.operation is None
                entering.setdefault(ends[1], []).append(ends[0] if unchanged else "")
                leaving.setdefault(ends[0], []).append(ends[1])
    rows: list[list[str]] = []
    for cell in cells:
        before = rows[-1][-1] if rows else ""
        follows = entering.get(cell) == [before] and leaving.get(before) == [cell]
        rows[-1:] = [[*rows[-1], cell]] if follows else [*rows[-1:], [cell]]
    return {cell: tuple(row) for row in rows for cell in row}
