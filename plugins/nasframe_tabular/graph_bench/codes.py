"""The architectures of NAS-Bench-Graph, and the whole number by which its tables name one."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["DATA_SETS", "LINKS", "OPERATIONS", "PROTEINS", "SKIP", "code_of"]

DATA_SETS = ("cora", "citeseer", "pubmed", "cs", "physics", "photo", "computers", "arxiv", "proteins")
"""The graphs whose networks the benchmark trained."""

LINKS: tuple[tuple[int, int, int, int], ...] = (
    (0, 0, 0, 0),
    (0, 0, 0, 1),
    (0, 0, 1, 1),
    (0, 0, 1, 2),
    (0, 0, 1, 3),
    (0, 1, 1, 1),
    (0, 1, 1, 2),
    (0, 1, 2, 2),
    (0, 1, 2, 3),
)
"""The nine ways to link four nodes, up to their order: for each node the one that it takes, 0 for the input.
The values of the nodes that nobody takes are the output."""

SKIP = "skip"

OPERATIONS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", SKIP)
"""The operations of a node, in the order of their digits."""

PROTEINS = ("gcn", "sage", "arma", "fc", SKIP)
"""Those of the data set proteins. Their digits in its table are the same as in the others."""


def code_of(links: Sequence[int], operations: Sequence[str]) -> int:
    """Return the number of an architecture: the place of its links, then a decimal digit for each operation.

    Args:
        links: one of `LINKS`.
        operations: of the four nodes.

    Example:
        >>> code_of((0, 0, 0, 1), ("gcn", "gat", "fc", "skip"))
        11078
    """
    code = LINKS.index(tuple(links))
    for name in operations:
        code = code * 10 + OPERATIONS.index(name)
    return code
