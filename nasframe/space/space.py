"""`SearchSpace`: a directed acyclic multigraph whose nodes, edges and ports carry choices."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from nasframe.plugins import manager
from nasframe.runtime import counted, visible
from nasframe.space.architecture_count import ArchitectureCount
from nasframe.space.checks import check
from nasframe.space.choice import Assignment, Choice
from nasframe.space.decisions import Decisions
from nasframe.space.graph import SpaceGraph
from nasframe.space.wiring import Wiring, flatten

__all__ = ["Derivation", "Probabilities", "SearchSpace"]

Probabilities = Mapping[str, Mapping[str, float]]
"""Choice name → candidate → probability."""

Derivation = str | Callable[["SearchSpace", Probabilities], Assignment]


class SearchSpace(SpaceGraph):
    """A search space: build it up, then `check` it.

    An edge's key in `graph` is the port it ends in. What arrives at a port is summed; an empty port
    receives zeros. A node may be a cell, a space of its own whose inputs are its ports; cells tied to
    each other share their logits. An architecture is an assignment that `validate` accepts; `count`,
    `sample` and `enumerate` range over exactly those.

    Args:
        name: shown in messages.
        derivation: the rule that turns probabilities into an assignment: a function, or the name of a
            registered one, such as `argmax`, `best_pair` or `top_k_per_port:K`.
        exact: how to get a space of which the search evaluates the networks that are built, where this one
            deals sources out, such as `space.ports=distinct`; said after a search.
        origin: how a registered factory made this space (`name`, `options`, `inputs`, `outputs`), kept in
            architectures in place of the whole graph.

    Attributes:
        plugin: the one whose factory made this space, which its bare names mean before any other.

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
        exact: str = "",
        origin: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(name)
        self.derivation = derivation
        self.exact = exact
        self.origin = origin
        self.plugin: str | None = None

    def __repr__(self) -> str:
        """Return the name and the number of nodes, of which a cell is one."""
        return f"<SearchSpace {visible(self.name)}: {counted(len(self.graph), 'node')}>"

    @functools.cached_property
    def wiring(self) -> Wiring:
        """The flat graph of the space and its cells; checks it first."""
        with manager().written_by(self.plugin):
            check(self)
            return flatten(self)

    @functools.cached_property
    def decisions(self) -> Decisions:
        """The decisions of an architecture, in order."""
        return Decisions(self.wiring)

    @property
    def choices(self) -> Mapping[str, Choice]:
        """Every choice by name, in topological order."""
        return self.wiring.choices

    def check(self) -> None:
        """Raise a `SpaceError` that lists everything wrong with the space."""
        self.wiring  # noqa: B018

    def count(self) -> int:
        """Return the number of architectures, without enumerating them; never an estimate.

        Raises:
            SpaceError: that is much work; `how_many` estimates the number.
        """
        return self.decisions.count()

    def how_many(self) -> ArchitectureCount:
        """Return the number of architectures: exact where that is little work, else an estimate or a bound.

        It takes some tenths of a second at most. What is little work is fixed, so the same space always gives
        the same answer. Removed nodes that later decisions cannot tell apart are counted together, so most
        spaces are counted exactly, however many nodes they have. An estimate is the mean of weighed draws
        from a fixed seed, without a bias, and `error` is its relative standard error; where that is above .3,
        the number of those architectures takes its place that remove no node.

        Example:
            >>> from nasframe import Choice, SearchSpace
            >>> space = SearchSpace("sum of inputs")
            >>> _ = space.add_node("sum", "identity")
            >>> for number in range(12):
            ...     name = space.add_input(f"input {number}", (3,))
            ...     space.connect(name, "sum", choice=Choice(f"use {name}", ("zero", "identity"), "alpha"))
            >>> space.set_output("sum")
            >>> print(space.how_many())
            4,096
            >>> space.how_many().exact
            True
        """
        return self.decisions.how_many()

    def enumerate(self) -> Iterator[dict[str, str]]:
        """Yield every architecture; for small spaces."""
        return self.decisions.enumerate()

    def sample(self, seed: int | random.Random = 0) -> dict[str, str]:
        """Return an architecture drawn uniformly from all of them.

        Where they cannot be counted with little work, draws are weighed and rejected so that the one which is
        returned is uniform too. Where up to 200 of them, as many as are little work, were all rejected, or
        where a class of decisions of a plugin decides, one of them is returned with a probability in
        proportion to its weight: every architecture can be drawn, but not each equally often.
        """
        return self.decisions.sample(seed if isinstance(seed, random.Random) else random.Random(seed))

    def validate(self, assignment: Assignment) -> dict[str, str]:
        """Return the assignment with its left-out edges filled in as zero.

        Another choice that it leaves out is filled in where one candidate alone is valid there, as for the
        sources of a node that has no more of them than ports.

        Raises:
            ArchitectureError: lists every choice that is unknown, missing, superfluous or out of range.
        """
        return self.decisions.validate(assignment)

    def _changed(self) -> None:
        """Forget everything that was computed of the graph."""
        super()._changed()
        self.__dict__.pop("wiring", None)
        self.__dict__.pop("decisions", None)
