"""The derived graph of an assignment: the space without removed and unreachable nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import networkx as nx
from attrs import frozen

from nasframe.operations import OpSpec, operation_class
from nasframe.space.choice import Assignment
from nasframe.space.space import SearchSpace
from nasframe.space.wiring import FlatEdge, Wiring

__all__ = ["Arrival", "Resolved", "resolve"]


@frozen
class Arrival:
    """One kept edge: its source, and the operation it passes through (None: unchanged)."""

    source: str
    edge: FlatEdge
    operation: OpSpec | None

    @property
    def through(self) -> str:
        """The name of that operation, with its options where it was chosen; empty where there is none."""
        if self.operation is None:
            return ""
        return self.operation.name if self.edge.choice is None else self.operation.label


@frozen
class Resolved:
    """The derived graph.

    Attributes:
        operations: node → the operation it computes, in topological order; None for an input that enters
            as it is.
        arrivals: node → port → what arrives there. An empty port receives zeros; where the operation names
            its ports (`Operation.names_ports`) it is left out instead.
        output: the node whose value is returned.
        labels: node → the name of its operation, with its options where it was chosen; `input` for an input
            that enters as it is.
        chosen: the operation of each choice among operations that is used, in topological order.
    """

    operations: Mapping[str, OpSpec | None]
    arrivals: Mapping[str, Mapping[str, tuple[Arrival, ...]]]
    output: str
    labels: Mapping[str, str]
    chosen: tuple[str, ...] = ()

    @property
    def chosen_operations(self) -> dict[str, int]:
        """Name of each operation that was chosen → how often it is there, in topological order."""
        return dict(Counter(self.chosen))


def resolve(space: SearchSpace, assignment: Assignment) -> Resolved:
    """Return the graph that a valid, complete assignment keeps (see `SearchSpace.validate`)."""
    wiring = space.wiring
    removed = {
        name
        for name, node in wiring.nodes.items()
        if (choice := node.choice) is not None
        and (choice.name not in assignment or wiring.removes(choice.name, assignment[choice.name]))
    }
    kept = {
        (node, port): [
            arrival
            for edge in edges
            if edge.source not in removed
            and node not in removed
            and (arrival := _arrival(wiring, edge, assignment)) is not None
        ]
        for (node, port), edges in wiring.arrivals.items()
    }
    for deal in wiring.deals.values():
        sources = kept[deal.ports[0]]
        for index, target in enumerate(deal.ports):
            kept[target] = (
                [item for item in kept[target] if item.source == sources[index].source]
                if index < len(sources)
                else []
            )

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(wiring.nodes)
    graph.add_edges_from((arrival.source, node) for (node, _), items in kept.items() for arrival in items)
    live = {wiring.output, *nx.ancestors(graph, wiring.output)}
    operations: dict[str, OpSpec | None] = {}
    arrivals: dict[str, dict[str, tuple[Arrival, ...]]] = {}
    labels: dict[str, str] = {}
    for name, node in wiring.nodes.items():
        if name not in live:
            continue
        operations[name] = node.operation if node.choice is None else node.spec(assignment[node.choice.name])
        operation = operations[name]
        labels[name] = "input"
        if operation is not None:
            labels[name] = operation.name if node.choice is None else operation.label
        droppable = operation is not None and operation_class(operation).names_ports
        arrivals[name] = {
            port: tuple(kept[name, port]) for port in node.ports if kept[name, port] or not droppable
        }
    return Resolved(
        operations, arrivals, wiring.output, labels, tuple(_chosen(wiring, assignment, labels, arrivals))
    )


def _chosen(
    wiring: Wiring,
    assignment: Assignment,
    labels: Mapping[str, str],
    arrivals: Mapping[str, Mapping[str, tuple[Arrival, ...]]],
) -> Iterator[str]:
    """Yield what each choice chose, tied cells once; an edge that is there or not chooses no operation."""
    done: set[str] = set()
    for name in labels:
        edges = [item.edge.choice for items in arrivals[name].values() for item in items]
        for choice in (*edges, wiring.nodes[name].choice):
            if choice is None or choice.name in done:
                continue
            done.add(choice.name)
            operations = sum(not wiring.removes(choice.name, item) for item in choice.candidates)
            if operations > 1 or choice is wiring.nodes[name].choice:
                yield assignment[choice.name]


def _arrival(wiring: Wiring, edge: FlatEdge, assignment: Assignment) -> Arrival | None:
    """Return the kept form of an edge, or None where the assignment drops it."""
    port = edge.target, edge.port
    chosen = wiring.port_sources.get(port)
    if chosen is not None:
        sent = chosen.sources.get(assignment.get(chosen.choice.name, ""))
        is_sent = sent is not None and sent[chosen.ports.index(port)] == edge.label
        return Arrival(edge.source, edge, edge.operation) if is_sent else None
    if edge.choice is None:
        return Arrival(edge.source, edge, edge.operation)
    name = edge.choice.name
    if name not in assignment or wiring.removes(name, assignment[name]):
        return None
    passes = wiring.passes(name, assignment[name])
    return Arrival(edge.source, edge, None if passes else edge.choice.operations[assignment[name]])
