"""`SearchSpace`: a directed acyclic multigraph whose nodes, edges and ports carry choices."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import networkx as nx

from nasframe.errors import SpaceError, nearest
from nasframe.operations import OpSpec, Shape
from nasframe.space.records import Assignment, Choice, Edge, Node, as_spec, as_specs

if TYPE_CHECKING:
    from nasframe.space.decisions import Decisions
    from nasframe.space.wiring import Wiring

__all__ = ["Derivation", "SearchSpace"]

Probabilities = Mapping[str, Mapping[str, float]]
"""Choice name → candidate → probability."""

Derivation = str | Callable[["SearchSpace", Probabilities], Assignment]


class SearchSpace:
    """A search space: build it up, then `check` it.

    An edge's key in `graph` is the port it ends in. What arrives at a port is summed; an empty port
    receives zeros. A node may be a cell, a space of its own whose inputs are its ports; cells tied to
    each other share their logits. An architecture is an assignment that `validate` accepts; `count`,
    `sample` and `enumerate` range over exactly those.

    Args:
        name: shown in messages.
        derivation: the rule that turns probabilities into an assignment: the name of one of
            `nasframe.searching.derivation`, or a function of the space's own.
        origin: how a registered factory made this space (`name`, `options`, `inputs`, `outputs`), kept in
            architectures in place of the whole graph.

    Example:
        A sum of two inputs, each of which may be left out:

        >>> from nasframe import Choice, SearchSpace
        >>> space = SearchSpace("sum of inputs")
        >>> _ = space.add_node("sum", "identity")
        >>> for name in ("audio", "video"):
        ...     _ = space.add_input(name, (3,))
        ...     space.connect(name, "sum", choice=Choice(f"use {name}", ("zero", "identity"), "alpha"))
        >>> space.set_output("sum")
        >>> space.count()
        4
        >>> space.validate({"use audio": "identity"})
        {'use audio': 'identity', 'use video': 'zero'}
    """

    def __init__(
        self,
        name: str,
        *,
        derivation: Derivation = "argmax",
        origin: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.derivation = derivation
        self.origin = origin
        self.output: str | None = None
        self.graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
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
        options: Mapping[str, Mapping[str, Any]] | None = None,
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
                options=dict(options or {}),
                then=as_specs(then),
                ports=tuple(ports),
                deal=deal,
            )
        )

    def add_cell(self, name: str, cell: SearchSpace, *, tied: str | None = None, deal: bool = False) -> str:
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
        edge = Edge(operation=None if operation is None else as_spec(operation), choice=choice)
        self.graph.add_edge(source, target, key=port, edge=edge)
        self._forget()

    def choose_source(self, target: str, port: str, choice: str, group: str) -> None:
        """Add one choice among the sources that are already connected to a port; they are its candidates."""
        sources = [source for source, _, key in self.graph.in_edges(target, keys=True) if key == port]
        node = self.node(target)
        made = Choice(choice, tuple(sources), group)
        self.graph.nodes[target]["node"] = _evolve(node, port_choices={**node.port_choices, port: made})
        self._forget()

    def set_output(self, name: str) -> None:
        """Name the node whose value the space returns."""
        if name not in self.graph:
            raise SpaceError(f"unknown output {name!r}{nearest(name, self.graph)}")
        self.output = name
        self._forget()

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

    @functools.cached_property
    def wiring(self) -> Wiring:
        """The flat graph of the space and its cells; checks it first."""
        from nasframe.space.checks import check
        from nasframe.space.wiring import flatten

        check(self)
        return flatten(self)

    @functools.cached_property
    def decisions(self) -> Decisions:
        """The decisions of an architecture, in order."""
        from nasframe.space.decisions import Decisions

        return Decisions(self.wiring)

    @property
    def choices(self) -> Mapping[str, Choice]:
        """Every choice by name, in topological order."""
        return self.wiring.choices

    def check(self) -> None:
        """Raise a `SpaceError` that lists everything wrong with the space."""
        self.wiring  # noqa: B018

    def count(self) -> int:
        """Return the number of architectures, without enumerating them."""
        return self.decisions.count()

    def enumerate(self) -> Iterator[dict[str, str]]:
        """Yield every architecture; for small spaces."""
        return self.decisions.enumerate()

    def sample(self, seed: int | random.Random = 0) -> dict[str, str]:
        """Return an architecture drawn uniformly from all of them."""
        return self.decisions.sample(seed if isinstance(seed, random.Random) else random.Random(seed))

    def validate(self, assignment: Assignment) -> dict[str, str]:
        """Return the assignment with its left-out edges filled in as zero.

        Raises:
            ArchitectureError: lists every choice that is unknown, missing, superfluous or out of range.
        """
        return self.decisions.validate(assignment)

    def _add(self, node: Node) -> str:
        if node.name in self.graph:
            raise SpaceError(f"node {node.name!r} is there already")
        if "/" in node.name or "." in node.name:
            raise SpaceError(f"node {node.name!r}: '/' and '.' separate the names of cells and parameters")
        self.graph.add_node(node.name, node=node)
        self._forget()
        return node.name

    def _forget(self) -> None:
        """Forget what was computed of the graph; every change calls this."""
        if self._frozen:
            raise SpaceError(f"space {self.name!r} is a cell of another one and cannot change any more")
        self.__dict__.pop("wiring", None)
        self.__dict__.pop("decisions", None)


def _evolve(node: Node, **changes: Any) -> Node:
    import attrs

    return attrs.evolve(node, **changes)
