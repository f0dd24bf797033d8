"""What an assignment keeps of a space: the derived graph, without removed and unreachable nodes."""

from __future__ import annotations

from collections.abc import Mapping

import networkx as nx
from attrs import frozen

from nasframe.operations import OpSpec, is_identity, is_zero
from nasframe.space.records import Assignment
from nasframe.space.space import SearchSpace
from nasframe.space.wiring import FlatEdge, Wiring

__all__ = ["Arrival", "Resolved", "resolve"]


@frozen
class Arrival:
    """One kept edge: its source, and the operation it passes through (None: unchanged)."""

    source: str
    edge: FlatEdge
    operation: OpSpec | None


@frozen
class Resolved:
    """The derived graph.

    Attributes:
        operations: node → the operation it computes, in topological order; None for an input that enters
            as it is.
        arrivals: node → port → what arrives there. A variadic operation's empty ports are left out; any
            other empty port stays, and receives zeros.
        output: the node whose value is returned.
    """

    operations: Mapping[str, OpSpec | None]
    arrivals: Mapping[str, Mapping[str, tuple[Arrival, ...]]]
    output: str


def resolve(space: SearchSpace, assignment: Assignment) -> Resolved:
    """The graph that a valid, complete assignment keeps (see `SearchSpace.validate`)."""
    wiring = space.wiring
    removed = {
        name
        for name, node in wiring.nodes.items()
        if node.choice is not None and is_zero(assignment.get(node.choice.name, "zero"))
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
    for name, node in wiring.nodes.items():
        if name not in live:
            continue
        operations[name] = node.operation if node.choice is None else node.spec(assignment[node.choice.name])
        variadic = not space_ports_are_fixed(space, name)
        arrivals[name] = {
            port: tuple(kept[name, port]) for port in node.ports if kept[name, port] or not variadic
        }
    return Resolved(operations, arrivals, wiring.output)


def space_ports_are_fixed(space: SearchSpace, name: str) -> bool:
    """Whether a flat node takes one value at each of its ports, empty or not."""
    from nasframe.operations import arity_of

    node = space.wiring.nodes[name]
    candidates = [node.operation.name] if node.operation is not None else []
    candidates += list(node.choice.candidates) if node.choice is not None else []
    return any(arity_of(candidate) is not None for candidate in candidates)


def _arrival(wiring: Wiring, edge: FlatEdge, assignment: Assignment) -> Arrival | None:
    """The kept form of an edge, or None where the assignment drops it."""
    port_choice = wiring.nodes[edge.target].port_choices.get(edge.port)
    if port_choice is not None:
        return (
            Arrival(edge.source, edge, edge.operation)
            if assignment.get(port_choice.name) == edge.label
            else None
        )
    if edge.choice is None:
        return Arrival(edge.source, edge, edge.operation)
    candidate = assignment.get(edge.choice.name, "zero")
    if is_zero(candidate):
        return None
    return Arrival(edge.source, edge, None if is_identity(candidate) else OpSpec(candidate))
