"""One decision of an architecture, the ways to decide it, and what it leaves for later ones."""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen

from nasframe.space.wiring import FlatEdge

__all__ = ["Alternative", "Decision", "State"]


@frozen
class Alternative:
    """One way to decide: the candidates it assigns to choices, and the node it removes, if any."""

    assigns: tuple[tuple[str, str], ...] = ()
    removes: str | None = None


@frozen
class State:
    """The results of earlier decisions that later ones depend on."""

    removed: frozenset[str] = frozenset()
    facts: frozenset[tuple[str, str]] = frozenset()


@frozen
class Decision:
    """One decision: at a node, at a port or several, on an edge, about the edges that a port keeps, or about
    the sources that are dealt to several ports.

    `size` is the number of edges that are kept, or of ports that are dealt to.
    """

    kind: Literal["node", "port", "edge", "keep", "deal"]
    name: str
    nodes: tuple[str, ...]
    choices: tuple[str, ...]
    edges: tuple[FlatEdge, ...] = ()
    size: int = 1
    needs: frozenset[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "needs", frozenset([*self.nodes, *(edge.source for edge in self.edges)]))
