"""The network of an architecture: equal for two architectures exactly where they are the same network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from nasframe_tabular.graph_bench.codes import SKIP

__all__ = ["Network", "has_raw_output", "network_of"]

Network: TypeAlias = tuple[str, int, tuple["Network", ...]]
"""A node of a tree: its operation, how often its value is a part of the output, and the nodes that take it.
These are in order. The root is the input, without an operation."""


def network_of(links: Sequence[int], operations: Sequence[str]) -> Network:
    """Return the network of an architecture, in the one form that all architectures of it have.

    A node that skips is none: who takes it takes what it takes, and where nobody takes it, its source is once
    more a part of the output. The parts of the output are put side by side, so their number counts.

    Args:
        links: for each node the number of the one that it takes, 0 for the input, else an earlier one.
        operations: of the nodes.

    Example:
        >>> network_of((0, 0), ("fc", "gcn")) == network_of((0, 0), ("gcn", "fc"))
        True
        >>> network_of((0, 1), ("gcn", "skip"))
        ('', 0, (('gcn', 1, ()),))
    """
    stands_for = [0]  # for each node, the one whose value it has
    takers: list[list[int]] = [[] for _ in range(len(links) + 1)]
    parts = [0] * (len(links) + 1)
    for node, (source, operation) in enumerate(zip(links, operations, strict=True), start=1):
        taken = stands_for[source]
        stands_for.append(taken if operation == SKIP else node)
        if operation != SKIP:
            takers[taken].append(node)
        if node not in links:
            parts[stands_for[node]] += 1

    def tree(node: int) -> Network:
        name = operations[node - 1] if node else ""
        return name, parts[node], tuple(sorted(tree(taker) for taker in takers[node]))

    return tree(0)


def has_raw_output(network: Network) -> bool:
    """Return True where the input itself is a part of the output; the benchmark has no such network."""
    return network[1] > 0
