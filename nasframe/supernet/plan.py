"""The plan of a pass through the supernet: its nodes and ports, worked out once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve, field, frozen

from nasframe.operations import Shape

__all__ = ["Candidates", "NodePlan", "Plan", "PortPlan", "Source", "WeightedSources", "Winners"]

Winners = Mapping[str, Sequence[int] | Mapping[int, int] | None]
"""Packed parameter → the selected column of each row; None where its weights are not one-hot."""


@frozen
class Candidates:
    """A choice among operations: the place of its weights, and the candidates that stand for nothing.

    `only_passes` is True where the one candidate besides zero is the identity: the choice is a factor.
    """

    table: str
    row: int
    names: tuple[str, ...]
    zeros: frozenset[int]
    only_passes: bool


@frozen
class Source:
    """One edge into a port.

    Attributes:
        node: the one whose value it passes on.
        through: name of the edge whose modules it passes; empty where it passes unchanged.
        table, row, columns: the places of this source's weight, which is their sum: several candidates of a
            choice may send it. `table` is None for a weight of one.
        candidates: the choice among the edge's operations, where there is one.
    """

    node: str
    through: str = ""
    table: str | None = None
    row: int = 0
    columns: tuple[int, ...] = ()
    candidates: Candidates | None = None

    def is_selected(self, winners: Winners) -> bool:
        """Return True where one-hot weights keep the source; one without a weight is always kept."""
        if self.table is None:
            return True
        rows = winners[self.table]
        return rows is not None and rows[self.row] in self.columns


@frozen
class WeightedSources:
    """The sources of one port whose weights stand in one packed parameter.

    `index` is the part of the supernet's index buffer that holds their places in the flattened parameter,
    `owners` the part that holds the number of the source of each place; None where each source has one.
    """

    table: str
    sources: tuple[Source, ...]
    index: slice
    owners: slice | None = None


@frozen
class PortPlan:
    """A port: its sources and the shape of what arrives. Equal plans are computed once in a pass."""

    sources: tuple[Source, ...]
    shape: Shape
    weighted: tuple[WeightedSources, ...] = field(default=(), eq=False, repr=False)

    def with_weights(self, columns: Mapping[str, int], index: list[int]) -> PortPlan:
        """Return the plan with its weighted sources grouped by packed parameter; add their places to `index`.

        Args:
            columns: packed parameter → number of its columns.
            index: places in the flattened parameters, so far.
        """
        grouped = []
        for table in dict.fromkeys(source.table for source in self.sources):
            if table is not None:
                members = tuple(source for source in self.sources if source.table == table)
                places = slice(len(index), len(index) + sum(len(source.columns) for source in members))
                index += [
                    source.row * columns[table] + column for source in members for column in source.columns
                ]
                owners = None
                if any(len(source.columns) > 1 for source in members):
                    owners = slice(len(index), len(index) + places.stop - places.start)
                    index += [number for number, source in enumerate(members) for _ in source.columns]
                grouped.append(WeightedSources(table, members, places, owners))
        return evolve(self, weighted=tuple(grouped))


@frozen
class NodePlan:
    """A node: its ports and its choice among operations.

    `is_input` is True where a value enters the network, `passes` where it enters unchanged. `relays` are the
    columns of the candidates that return what arrives unchanged; a fixed operation counts as column 0.
    """

    name: str
    ports: tuple[PortPlan, ...]
    candidates: Candidates | None
    is_input: bool
    passes: bool
    relays: frozenset[int] = frozenset()


@frozen
class Plan:
    """A pass through the supernet.

    Attributes:
        nodes: in topological order.
        output: name of the node whose value is returned.
        shape: of that value, without the batch.
    """

    nodes: tuple[NodePlan, ...]
    output: str
    shape: Shape
