"""The ways to go on from a state of the decisions: counted where that is little work, else bounded.

Counting is a dynamic programme over the states that can be reached. Where these are too many, what matters
least of them is forgotten, until few enough differ: a removed node is then taken to be there, which leaves
at least as many ways to go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Protocol

from nasframe.space.roles import Roles
from nasframe.space.steps import Alternative, Decision, State

__all__ = ["WORK", "Completions", "Deciding"]

WORK = 100_000
"""Alternatives and parts of states that are looked at before counting is given up; well below a second."""


class Deciding(Protocol):
    """The decisions of a space, as far as counting them is concerned."""

    steps: Sequence[Decision]

    def alternatives(self, step: Decision, state: State) -> list[Alternative]: ...

    def after(self, index: int, state: State, alternative: Alternative) -> State: ...


_Layer = dict[Hashable, int]


class Completions:
    """For each state before a decision, the number of ways to decide the rest.

    Args:
        decisions: of a space.
        roles: what decisions ask of earlier ones; None where only `after` knows, and no two states are one.
        limit: the most work; see `WORK`. It decides what is found, so it is no time.

    Attributes:
        exact: whether `ways` are the numbers themselves.
        bounding: whether `ways` are at least as many as there are, and at least the sum of those after each
            alternative.
        work: what was done.
        width: the most states before one decision.
    """

    def __init__(self, decisions: Deciding, roles: Roles | None, limit: int = WORK) -> None:
        self._decisions, self._roles = decisions, roles
        self.work = self.width = 0
        self._layers = self._count(limit)
        self.exact = self._layers is not None
        self.bounding = roles is not None
        if not self.exact and roles is not None:
            roles.forget_facts()
            once = sum(1 + len(decisions.alternatives(step, State())) for step in decisions.steps)
            self._layers = self._count(None, max(1, limit // once))

    def ways(self, index: int, state: State) -> int:
        """Return the ways to go on from a state before decision `index`; 1 where nothing is known of them."""
        if self._layers is None:
            return 1
        return self._layers[index][self._kept(index, state)[0]]

    def _kept(self, index: int, state: State) -> tuple[Hashable, State]:
        return (state, state) if self._roles is None else self._roles.kept(index, state)

    def _count(self, limit: int | None, most: int | None = None) -> list[_Layer] | None:
        """Return the ways of each state before each decision; None where that is more work than `limit`.

        Args:
            limit: of work.
            most: states before one decision; the rest is forgotten.
        """
        first, state = self._kept(0, State())
        frontier = {first: state}
        layers: list[Mapping[Hashable, Mapping[Hashable, int]]] = []
        for index in range(len(self._decisions.steps)):
            reached: dict[Hashable, State] = {}
            layer: dict[Hashable, Mapping[Hashable, int]] = {}
            for key, state in frontier.items():
                layer[key] = self._following(index, state, reached)
                if limit is not None and self.work > limit:
                    return None
            if most is not None and len(reached) > most:
                layer, reached = self._narrowed(index + 1, layer, reached, most)
            self.width = max(self.width, len(reached))
            layers.append(layer)
            frontier = reached
        counts: list[_Layer] = [dict.fromkeys(frontier, 1)]
        for layer in reversed(layers):
            after = counts[-1]
            counts.append(
                {
                    key: sum(after[following] * times for following, times in items.items())
                    for key, items in layer.items()
                }
            )
        return counts[::-1]

    def _following(self, index: int, state: State, reached: dict[Hashable, State]) -> Mapping[Hashable, int]:
        """Return the states after a decision, each with the number of alternatives that lead to it."""
        if self._roles is not None and index in self._roles.settled:
            alternatives = [Alternative()]
        else:
            alternatives = self._decisions.alternatives(self._decisions.steps[index], state)
        self.work += 1 + len(alternatives) + len(state.removed) + len(state.facts)
        found: Counter[Hashable] = Counter()
        for alternative in alternatives:
            key, kept = self._kept(index + 1, self._decisions.after(index, state, alternative))
            reached.setdefault(key, kept)
            found[key] += 1
        return found

    def _narrowed(
        self,
        index: int,
        layer: Mapping[Hashable, Mapping[Hashable, int]],
        reached: dict[Hashable, State],
        most: int,
    ) -> tuple[dict[Hashable, Mapping[Hashable, int]], dict[Hashable, State]]:
        """Forget of the states before decision `index` until there are few enough of them."""
        assert self._roles is not None
        names: dict[Hashable, Hashable] = {key: key for key in reached}
        while len(reached) > most:
            self._roles.forget(index, reached.values())
            kept = {key: self._roles.kept(index, state) for key, state in reached.items()}
            names = {key: kept[name][0] for key, name in names.items()}
            reached = dict(kept.values())
        narrowed: dict[Hashable, Mapping[Hashable, int]] = {}
        for key, items in layer.items():
            found: Counter[Hashable] = Counter()
            for following, times in items.items():
                found[names[following]] += times
            narrowed[key] = found
        return narrowed, reached
