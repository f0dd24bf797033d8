"""Rows of tied cells: cells that follow each other by one rule are one box of a drawn network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from attrs import field, frozen

from nasframe.render.difference import ArchitectureDifference
from nasframe.space import Architecture, Arrival

__all__ = ["Row", "Taken", "holder", "rows_of"]

_LEAST = 4
"""Cells of a row that takes more than the output of the cell before; fewer have a box each."""

_PATIENCE = 3
"""Cells after which a row that does not go on has ended."""


@frozen
class Taken:
    """One thing that every cell of a row takes.

    Attributes:
        place: the node in the cell where it enters, and its port.
        through: the operation it passes through; empty for none.
        before: how many cells before this one it comes from; 0 where it comes from outside the row.
        source: its source outside the row; empty where it comes from the row.
        arrival: an arrow of this kind.
    """

    place: tuple[str, str]
    through: str
    before: int
    source: str
    arrival: Arrival = field(eq=False)


@frozen
class Row:
    """Cells in a row.

    Attributes:
        cells: their flat names, in order.
        takes: what each of them takes; empty where that is the output of the one before it, as it is.
    """

    cells: tuple[str, ...]
    takes: tuple[Taken, ...] = ()

    def is_of_each(self, arrival: Arrival, source: str) -> bool:
        """Return True for an arrow from a source outside that every cell of the row has."""
        cell = holder(arrival.edge.target, self.cells)
        place = _place(arrival, cell or "")
        return any((item.place, item.source) == (place, source) for item in self.takes)


def holder(name: str, cells: Iterable[str]) -> str | None:
    """Return the one of some cells that holds a node; None where none does."""
    return next((cell for cell in cells if name.startswith(f"{cell}/")), None)


def rows_of(
    architecture: Architecture, cells: Sequence[str], difference: ArchitectureDifference | None = None
) -> Mapping[str, Row]:
    """Return each of some tied cells → the row in which it stands.

    A row is at its shortest one cell. Each cell of a longer one takes the outputs of cells at the same places
    before it, through the same operations, and the same outputs from outside; only the last cells of a row,
    as many as one of them looks back, are taken from elsewhere. So a row, its rule and the arrows at its
    ends are the whole network. An arrow that is marked as a difference ends a row.
    """
    entering: dict[str, list[tuple[Arrival, str]]] = {cell: [] for cell in cells}
    takers: dict[str, set[str]] = {cell: set() for cell in cells}
    unlike: set[str] = set()
    for target, ports in architecture.resolved.arrivals.items():
        for port, arrivals in ports.items():
            for arrival in arrivals:
                start, end = (holder(name, cells) for name in (arrival.source, target))
                if start == end:
                    continue
                if start is not None:
                    takers[start].add(end or target)
                if end is not None:
                    entering[end].append((arrival, start or arrival.source))
                    arrow = (arrival.source, target, port, arrival.through)
                    if difference is not None and arrow in difference.arrows:
                        unlike.add(end)
    found: dict[str, Row] = {}
    first = 0
    while first < len(cells):
        row, failures = Row((cells[first],)), 0
        for last in range(first + 2, len(cells) + 1):
            made = _row(tuple(cells[first:last]), entering, takers, unlike)
            if made is not None:
                row, failures = made, 0
            elif (failures := failures + 1) > _PATIENCE:
                break
        if len(row.cells) < _LEAST and row.takes:
            row = _simple(cells[first:], entering, takers, unlike)
        found |= dict.fromkeys(row.cells, row)
        first += len(row.cells)
    return found


def _simple(
    cells: Sequence[str],
    entering: Mapping[str, Sequence[tuple[Arrival, str]]],
    takers: Mapping[str, set[str]],
    unlike: set[str],
) -> Row:
    """Return the longest row at the beginning of some cells without a rule that must be said."""
    row = Row((cells[0],))
    for last in range(2, len(cells) + 1):
        made = _row(tuple(cells[:last]), entering, takers, unlike)
        if made is None or made.takes:
            break
        row = made
    return row


def _row(
    cells: tuple[str, ...],
    entering: Mapping[str, Sequence[tuple[Arrival, str]]],
    takers: Mapping[str, set[str]],
    unlike: set[str],
) -> Row | None:
    """Return the row of some cells; None where they are not one."""
    if unlike.intersection(cells[1:]):
        return None
    rule = _taken(cells, len(cells) - 1, entering)
    far = max((item.before for item in rule), default=0)
    if not far or any(takers[cell] - {*cells} for cell in cells[:-far]):
        return None
    for place in range(len(cells) - 1):
        # those that would come from before the first cell come from outside, each in its way
        own = Counter(_taken(cells, place, entering))
        known = Counter(item for item in rule if item.before <= place)
        rest = {item.place for item in own - known}
        missing = {item.place for item in rule if item.before > place}
        if known - own or rest != missing or any(item.before for item in (own - known)):
            return None
    (item, *more) = rule
    is_plain = not more and item.before == 1 and item.arrival.edge.choice is None and not item.through
    return Row(cells, () if is_plain else tuple(rule))


def _taken(
    cells: Sequence[str], place: int, entering: Mapping[str, Sequence[tuple[Arrival, str]]]
) -> list[Taken]:
    """Return what the cell at a place takes."""
    before = {cell: place - number for number, cell in enumerate(cells[:place])}
    return [
        Taken(
            _place(arrival, cells[place]),
            arrival.through,
            before.get(source, 0),
            "" if source in before else source,
            arrival,
        )
        for arrival, source in entering[cells[place]]
    ]


def _place(arrival: Arrival, cell: str) -> tuple[str, str]:
    return arrival.edge.target[len(cell) + 1 :], arrival.edge.port
