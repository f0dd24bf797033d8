"""Tied cells in the animation: where nothing else is decided about them, the first stands for all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nasframe.space import SearchSpace

__all__ = ["stand_ins"]


def stand_ins(space: SearchSpace) -> Mapping[str, str]:
    """Return each cell that is left out → the cell that stands for it, by flat names.

    Tied cells have the same choices inside. They are drawn several times only where a decision is about one
    of them alone: about its sources.
    """
    groups: dict[str, list[str]] = {}
    for cell, tie in space.wiring.cells.items():  # outer cells first
        if not any(cell.startswith(f"{other}/") for cells in groups.values() for other in cells):
            groups.setdefault(tie, []).append(cell)
    decided = set(_decided(space))
    return {
        cell: cells[0]
        for cells in groups.values()
        if not any(name.startswith(f"{cell}/") for cell in cells for name in decided)
        for cell in cells[1:]
    }


def _decided(space: SearchSpace) -> Iterator[str]:
    """Yield the nodes where values enter a cell and something is decided about their sources."""
    wiring = space.wiring
    for (target, port), edges in wiring.arrivals.items():
        cell = target.rpartition("/")[0]
        enters = cell and any(not edge.source.startswith(f"{cell}/") for edge in edges)
        chosen = (target, port) in wiring.port_sources
        if enters and (chosen or any(edge.choice is not None for edge in edges)):
            yield target
