"""The wiring of a space: one flat graph of its nodes and those of its cells, in topological order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import networkx as nx
from attrs import field, frozen

from nasframe.operations import OpSpec, is_identity, is_zero
from nasframe.plugins import PROJECT
from nasframe.space.choice import Choice
from nasframe.space.graph import Node, SpaceGraph

__all__ = ["Deal", "FlatEdge", "PortSources", "Wiring", "flatten"]

PORT = "in"
"""The one port of a cell's input node in the flat graph."""

_IDENTITY = OpSpec("identity", plugin=PROJECT)
"""The operation of a cell's input node: nasframe's own, whatever a space calls by this name."""


@frozen
class FlatEdge:
    """An edge between flat nodes. `label` is the source's name within its own space."""

    source: str
    target: str
    port: str
    label: str
    operation: OpSpec | None = None
    choice: Choice | None = None

    @property
    def name(self) -> str:
        """Unique name, for parameters: the first `>` and the last `:` in it separate its parts."""
        return f"{_without(self.source, '>')}>{self.target}:{_without(self.port, ':')}"


def _without(name: str, sign: str) -> str:
    """Return a name in which a sign is escaped; a different text for each name, and most are as they were."""
    code = f"%{ord(sign):X}"
    if not any(part in name for part in (sign, code, "%25")):
        return name
    return name.replace("%", "%25").replace(sign, code)


@frozen
class Deal:
    """Ports that get one of the kept sources each when an architecture is derived."""

    name: str
    ports: tuple[tuple[str, str], ...]


@frozen
class PortSources:
    """A choice among the sources of one port, or of several, with the ports that it decides about.

    Attributes:
        choice: its candidates are sources, or sets of sources.
        ports: (node, port) of each.
        sources: candidate → the label of the source that each of these ports receives.
    """

    choice: Choice
    ports: tuple[tuple[str, str], ...]
    sources: Mapping[str, tuple[str, ...]]

    def places(self, label: str, port: tuple[str, str] | None = None) -> tuple[int, ...]:
        """Return the places of the candidates that send a source to a port, or to any where it is None."""
        there = slice(None) if port is None else slice(self.ports.index(port), self.ports.index(port) + 1)
        return tuple(
            place for place, name in enumerate(self.choice.candidates) if label in self.sources[name][there]
        )


@frozen(eq=False)
class Wiring:
    """The flat graph.

    Attributes:
        nodes: flat name (`cell1/N2`) → record, in topological order.
        arrivals: (node, port) → edges that end there, in the order of insertion.
        deals: name → deal.
        port_sources: (node, port) → the choice among its sources.
        output: flat name of the node whose value is returned.
        cells: flat name of each cell → name of its tie (its own name where it has none), outer cells first.
        operations: name of each operation that is fixed or can be chosen → the plugin that registers it.
    """

    nodes: Mapping[str, Node]
    arrivals: Mapping[tuple[str, str], tuple[FlatEdge, ...]]
    deals: Mapping[str, Deal]
    port_sources: Mapping[tuple[str, str], PortSources]
    output: str
    cells: Mapping[str, str]
    operations: Mapping[str, str]
    choices: Mapping[str, Choice] = field(init=False)
    _removing: frozenset[tuple[str, str]] = field(init=False, repr=False)
    _passing: frozenset[tuple[str, str]] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "choices", {choice.name: choice for choice in self._all_choices()})
        sources = {made.choice.name for made in self.port_sources.values()}
        pairs = {
            (choice.name, candidate): spec
            for choice in self.choices.values()
            if choice.name not in sources
            for candidate, spec in choice.operations.items()
        }
        object.__setattr__(self, "_removing", frozenset(pair for pair in pairs if is_zero(pairs[pair])))
        object.__setattr__(self, "_passing", frozenset(pair for pair in pairs if is_identity(pairs[pair])))

    def removes(self, choice: str, candidate: str) -> bool:
        """Return True where a candidate of a choice among operations stands for nothing."""
        return (choice, candidate) in self._removing

    def passes(self, choice: str, candidate: str) -> bool:
        """Return True where a candidate of a choice among operations returns its input unchanged."""
        return (choice, candidate) in self._passing

    def absent(self, choice: str) -> str | None:
        """Return the candidate of a choice that stands for nothing, or None where there is none."""
        found = (name for name in self.choices[choice].candidates if self.removes(choice, name))
        return next(found, None)

    def _all_choices(self) -> Iterable[Choice]:
        for name, node in self.nodes.items():
            for port in node.ports:
                if (name, port) in self.port_sources:
                    yield self.port_sources[name, port].choice
                for edge in self.arrivals[name, port]:
                    if edge.choice is not None:
                        yield edge.choice
            if node.choice is not None:
                yield node.choice


def flatten(space: SpaceGraph) -> Wiring:
    """Put every cell's nodes into one graph; names and choices get the cell's name before them.

    From then on every operation is that of the plugin that registers its name now.
    """
    nodes: dict[str, Node] = {}
    edges: list[FlatEdge] = []
    deals: dict[str, Deal] = {}
    sources: dict[tuple[str, str], PortSources] = {}
    cells: dict[str, str] = {}
    output = _flatten(space, "", "", nodes, edges, deals, sources, cells)
    operations: dict[str, str] = {}
    nodes = {name: _bound_node(node, operations) for name, node in nodes.items()}
    edges = [_bound_edge(edge, operations) for edge in edges]
    if cells:
        operations.setdefault(_IDENTITY.name, PROJECT)

    order: nx.DiGraph[str] = nx.DiGraph()
    order.add_nodes_from(nodes)
    order.add_edges_from((edge.source, edge.target) for edge in edges)
    position = {name: index for index, name in enumerate(nodes)}
    arrivals: dict[tuple[str, str], list[FlatEdge]] = {
        (name, port): [] for name, node in nodes.items() for port in node.ports
    }
    for edge in edges:
        arrivals[edge.target, edge.port].append(edge)
    return Wiring(
        nodes={
            name: nodes[name] for name in nx.lexicographical_topological_sort(order, key=position.__getitem__)
        },
        arrivals={key: tuple(value) for key, value in arrivals.items()},
        deals=deals,
        port_sources=sources,
        output=output,
        cells=cells,
        operations=operations,
    )


def _bound_node(node: Node, operations: dict[str, str]) -> Node:
    return attrs.evolve(
        node,
        operation=None if node.operation is None else _bound(node.operation, operations),
        choice=None if node.choice is None else node.choice.bound(lambda spec: _bound(spec, operations)),
        then=tuple(_bound(spec, operations) for spec in node.then),
    )


def _bound_edge(edge: FlatEdge, operations: dict[str, str]) -> FlatEdge:
    return attrs.evolve(
        edge,
        operation=None if edge.operation is None else _bound(edge.operation, operations),
        choice=None if edge.choice is None else edge.choice.bound(lambda spec: _bound(spec, operations)),
    )


def _bound(spec: OpSpec, operations: dict[str, str]) -> OpSpec:
    """Return the operation with its plugin, which is noted in `operations`."""
    if spec == _IDENTITY and spec.plugin is not None:
        return spec
    if spec.name not in operations:
        operations[spec.name] = spec.bound().plugin or ""
    return attrs.evolve(spec, plugin=operations[spec.name])


def _flatten(
    space: SpaceGraph,
    prefix: str,
    choice_prefix: str,
    nodes: dict[str, Node],
    edges: list[FlatEdge],
    deals: dict[str, Deal],
    sources: dict[tuple[str, str], PortSources],
    cells: dict[str, str],
) -> str:
    """Add a space's nodes and edges under `prefix`, and return the flat name of its output."""

    def choose(node: Node, places: Mapping[str, tuple[str, str]]) -> None:
        for ports, made in node.source_choices.items():
            flat = tuple(places[port] for port in ports)
            found = PortSources(made.choice.below(choice_prefix), flat, made.sources)
            sources.update(dict.fromkeys(flat, found))

    outputs: dict[str, str] = {}
    for name in space.graph:
        node, flat = space.node(name), prefix + name
        if node.cell is not None:
            tied = f"{choice_prefix}{node.tied or name}/"
            cells[flat] = tied.rstrip("/")
            outputs[name] = _flatten(node.cell, flat + "/", tied, nodes, edges, deals, sources, cells)
            choose(node, {port: (f"{flat}/{port}", PORT) for port in node.ports})
            for port, count in node.keeps.items():
                inner = f"{flat}/{port}"
                nodes[inner] = attrs.evolve(nodes[inner], keeps={PORT: count})
            if node.deal:
                deals[flat] = Deal(flat, tuple((f"{flat}/{port}", PORT) for port in node.ports))
            continue
        outputs[name] = flat
        changes: dict[str, Any] = {}
        if node.is_input and prefix:  # a cell's input passes on the value of its port
            changes = {"is_input": False, "operation": node.operation or _IDENTITY, "ports": (PORT,)}
        elif not node.is_input and not node.ports:
            keys = [port for _, _, port in space.graph.in_edges(name, keys=True)]
            changes = {"ports": tuple(dict.fromkeys(keys))}
        nodes[flat] = attrs.evolve(
            node,
            name=flat,
            choice=node.choice.below(choice_prefix) if node.choice is not None else None,
            source_choices={},
            **changes,
        )
        choose(node, {port: (flat, port) for port in nodes[flat].ports})
        if nodes[flat].deal:
            deals[flat] = Deal(flat, tuple((flat, port) for port in node.ports))
    for target in space.graph:
        for source, _, port, data in space.graph.in_edges(target, keys=True, data=True):
            edge, into_cell = data["edge"], space.node(target).cell is not None
            edges.append(
                FlatEdge(
                    source=outputs[source],
                    target=f"{prefix}{target}/{port}" if into_cell else prefix + target,
                    port=PORT if into_cell else port,
                    label=source,
                    operation=edge.operation,
                    choice=edge.choice.below(choice_prefix) if edge.choice is not None else None,
                )
            )
    assert space.output is not None
    return outputs[space.output]
