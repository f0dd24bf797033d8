"""The graph of a search space: its nodes and edges, and the methods that build it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import attrs
import networkx as nx
from attrs import field, frozen

from nasframe.errors import SpaceError, nearest
from nasframe.operations import OpSpec, Shape
from nasframe.space.choice import Choice

__all__ = ["LARGEST", "MOST_WAYS", "Edge", "Node", "SourceChoice", "SpaceGraph"]

LARGEST = 5_000
"""The most nodes and edges of a space. Those of the field have some hundreds."""

MOST_WAYS = 20_000
"""The most ways to choose edges or sources together: each of them is an alternative of one decision."""


@frozen
class SourceChoice:
    """A choice among the sources of one port, or of several that get distinct ones.

    Attributes:
        choice: its candidates are sources, or sets of sources.
        sources: candidate → the source that each of the ports receives, in the order of the ports.
    """

    choice: Choice
    sources: Mapping[str, tuple[str, ...]]


@frozen
class Node:
    """A node: an input, an operation (fixed or chosen), or a cell, which is a space of its own.

    Attributes:
        shape: of an input of the outermost space, without the batch.
        is_input: True where values enter the space; an input may have an operation of its own, such as
            the projection of a feature.
        ports: the inputs in the order in which the operation takes them; empty for a variadic operation:
            its edges name the ports, in the order of their insertion.
        then: operations that follow each candidate, with parameters of their own for each.
        source_choices: ports → the choice among the sources whose edges end there.
        keeps: port → the number of its edges that an architecture keeps, where that is not free.
        deal: True where the ports of a derived architecture get one of the kept sources each, in order.
    """

    name: str
    shape: Shape | None = None
    is_input: bool = False
    operation: OpSpec | None = None
    choice: Choice | None = None
    then: tuple[OpSpec, ...] = ()
    ports: tuple[str, ...] = ()
    source_choices: Mapping[tuple[str, ...], SourceChoice] = field(factory=dict)
    keeps: Mapping[str, int] = field(factory=dict)
    deal: bool = False
    cell: SpaceGraph | None = None
    tied: str | None = None

    def spec(self, candidate: str | None = None) -> OpSpec:
        """Return the fixed operation, or that of `candidate`."""
        if self.operation is not None:
            return self.operation
        assert self.choice is not None
        assert candidate is not None
        return self.choice.operations[candidate]


@frozen
class Edge:
    """An edge into a port. It passes its source on unchanged, or through an operation, fixed or chosen."""

    operation: OpSpec | None = None
    choice: Choice | None = None


def as_spec(operation: OpSpec | str) -> OpSpec:
    """Return the operation, which may be given by its name alone."""
    return OpSpec(operation) if isinstance(operation, str) else operation


def as_specs(operations: Sequence[OpSpec | str]) -> tuple[OpSpec, ...]:
    """Return several operations, each of which may be given by its name alone."""
    return tuple(as_spec(item) for item in operations)


class SpaceGraph:
    """The graph of a search space; see `SearchSpace`.

    Attributes:
        name: shown in messages.
        graph: node → `Node` under the key `node`; edge → `Edge` under the key `edge`.
        output: name of the node whose value is returned.
        size: number of its nodes and edges, those inside its cells too.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.output: str | None = None
        self.graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        self.size = 0
        self._frozen = False

    # -- building ---------------------------------------------------------------------------------------

    def add_input(self, name: str, shape: Shape | None = None, operation: OpSpec | str | None = None) -> str:
        """Add a node where values enter, and return its name.

        Args:
            name: of the node.
            shape: without the batch; None inside a cell.
            operation: applied to the values; it is removed together with an unused input.
        """
        spec = None if operation is None else as_spec(operation)
        return self._add(
            Node(name, shape=None if shape is None else tuple(shape), is_input=True, operation=spec)
        )

    def add_node(
        self,
        name: str,
        operation: OpSpec | str | None = None,
        *,
        choice: Choice | None = None,
        then: Sequence[OpSpec | str] = (),
        ports: Sequence[str] = (),
        deal: bool = False,
    ) -> str:
        """Add a node with one fixed operation, or a choice among operations; see `Node` for the rest."""
        if (operation is None) == (choice is None):
            raise SpaceError(f"node {name!r} needs an operation or a choice, and not both")
        spec = None if operation is None else as_spec(operation)
        return self._add(
            Node(
                name,
                operation=spec,
                choice=choice,
                then=as_specs(then),
                ports=tuple(ports),
                deal=deal,
            )
        )

    def add_cell(self, name: str, cell: SpaceGraph, *, tied: str | None = None, deal: bool = False) -> str:
        """Add a node that is a space; `cell` cannot change any more. Cells with the same `tied` share their
        logits, never their weights."""
        cell._frozen = True
        return self._add(Node(name, cell=cell, tied=tied, ports=tuple(cell.inputs), deal=deal))

    def connect(
        self,
        source: str,
        target: str,
        port: str = "x",
        *,
        choice: Choice | None = None,
        operation: OpSpec | str | None = None,
    ) -> None:
        """Add an edge from `source` into a port of `target`."""
        for name in (source, target):
            if name not in self.graph:
                raise SpaceError(
                    f"edge {source} → {target}: unknown node {name!r}{nearest(name, self.graph)}"
                )
        if self.graph.has_edge(source, target, port):
            raise SpaceError(f"edge {source} → {target} at port {port!r} is there already")
        self._grow(1)
        edge = Edge(operation=None if operation is None else as_spec(operation), choice=choice)
        self.graph.add_edge(source, target, key=port, edge=edge)
        self._changed()

    def choose_source(self, target: str, port: str, choice: str, group: str) -> None:
        """Add one choice among the sources that are already connected to a port; they are its candidates."""
        sources = [source for source, _, key in self.graph.in_edges(target, keys=True) if key == port]
        made = SourceChoice(Choice(choice, tuple(sources), group), {name: (name,) for name in sources})
        self._choose(target, (port,), made)

    def choose_sources(
        self, target: str, ports: Sequence[str], sources: Sequence[str], choice: str, group: str
    ) -> None:
        """Connect sources to several ports, with one choice of as many distinct ones as there are ports.

        Its candidates are the unordered sets of distinct sources, so no source arrives twice. Those of a set
        go to the ports in the order of `sources`. A candidate is named after its sources, as in `a & b`.

        Args:
            target: node or cell.
            ports: of the target.
            sources: nodes that are there already, at least as many as ports.
            choice: name of the choice.
            group: see `Choice`.

        Raises:
            SpaceError: there are fewer sources than ports, more than 20,000 sets, or a source or port twice;
                or see `connect`.
        """
        for what, names in (("source", sources), ("port", ports)):
            if len(set(names)) != len(names):
                raise SpaceError(f"choice {choice!r} of node {target!r} names a {what} twice")
        if not ports or len(sources) < len(ports):
            raise SpaceError(
                f"choice {choice!r} of node {target!r}: expected a source for each of at least one port, "
                f"found {len(sources)} for {len(ports)}"
            )
        if (ways := math.comb(len(sources), len(ports))) > MOST_WAYS:
            raise SpaceError(
                f"choice {choice!r} of node {target!r}: there are {ways:,} sets of {len(ports)} of "
                f"{len(sources)} sources, more than {MOST_WAYS:,}; offer fewer sources"
            )
        sets = {" & ".join(made): made for made in itertools.combinations(sources, len(ports))}
        for place, port in enumerate(ports):
            for source in dict.fromkeys(made[place] for made in sets.values()):
                self.connect(source, target, port)
        self._choose(target, tuple(ports), SourceChoice(Choice(choice, tuple(sets), group), sets))

    def keep_edges(self, target: str, port: str, count: int) -> None:
        """Let an architecture keep exactly `count` of the edges into a port, or all that are left of fewer.

        Each of these edges has a choice among zero and others. Which edges are kept is one decision, together
        with their candidates; the supernet adds all of them up.
        """
        node = self.node(target)
        self.graph.nodes[target]["node"] = attrs.evolve(node, keeps={**node.keeps, port: count})
        self._changed()

    def set_output(self, name: str) -> None:
        """Name the node whose value the space returns."""
        if name not in self.graph:
            raise SpaceError(f"unknown output {name!r}{nearest(name, self.graph)}")
        self.output = name
        self._changed()

    # -- reading ----------------------------------------------------------------------------------------

    @property
    def inputs(self) -> dict[str, Shape | None]:
        """Input name → shape, in the order of insertion."""
        return {name: self.node(name).shape for name in self.graph if self.node(name).is_input}

    def node(self, name: str) -> Node:
        """Return the record of node `name`."""
        node: Node = self.graph.nodes[name]["node"]
        return node

    def edges(self) -> Iterator[tuple[str, str, str, Edge]]:
        """Yield every edge as source, target, port, record."""
        for source, target, port, data in self.graph.edges(keys=True, data=True):
            yield source, target, port, data["edge"]

    def _choose(self, target: str, ports: tuple[str, ...], made: SourceChoice) -> None:
        node = self.node(target)
        kept = {key: value for key, value in node.source_choices.items() if key != ports}
        self.graph.nodes[target]["node"] = attrs.evolve(node, source_choices={**kept, ports: made})
        self._changed()

    def _add(self, node: Node) -> str:
        if node.name in self.graph:
            raise SpaceError(f"node {node.name!r} is there already")
        if "/" in node.name or "." in node.name:
            raise SpaceError(f"node {node.name!r}: '/' and '.' separate the names of cells and parameters")
        self._grow(1 if node.cell is None else 1 + node.cell.size)
        self.graph.add_node(node.name, node=node)
        self._changed()
        return node.name

    def _grow(self, parts: int) -> None:
        """Refuse a space that no machine could search, before it is made."""
        self.size += parts
        if self.size > LARGEST:
            raise SpaceError(
                f"space {self.name!r} has more than {LARGEST:,} nodes and edges, with those inside its "
                "cells; make it smaller, such as with fewer cells or nodes"
            )

    def _changed(self) -> None:
        """Refuse the change where the space is a cell already; every change calls this."""
        if self._frozen:
            raise SpaceError(f"space {self.name!r} is a cell of another one and cannot change any more")
