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

WORK = 60_000
"""Alternatives and parts of states that are looked at before counting is given up; well below a second."""


class Deciding(Protocol):
    """The decisions of a space, as far as counting them is concerned."""

    @property
    def steps(self) -> Sequence[Decision]: ...

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
            self._layers = self._count(None, max(1, limit // 2 // once))

    def ways(self, index: int, state: State) -> int:
        """Return the ways to go on from a state before decision `index`; 1 where nothing is known of them."""
        if self._layers is None:
            return 1
        if self.exact or not self.alike(index):
            return self._layers[index][self._kept(index, state)[0]]
        # of this very state, which is less than of the states that are taken for one
        end = self._end(index)
        return self._alternatives(index, end, state) * self._layers[end][self._kept(end, state)[0]]

    def alike(self, index: int) -> bool:
        """Return True where as many ways follow each alternative of decision `index`."""
        return self._roles is not None and index in self._roles.ends

    def _kept(self, index: int, state: State) -> tuple[Hashable, State]:
        return (state, state) if self._roles is None else self._roles.kept(index, state)

    def _end(self, index: int) -> int:
        return self._roles.ends.get(index, index + 1) if self._roles is not None else index + 1

    def _alternatives(self, index: int, end: int, state: State) -> int:
        """Return the number of ways to make decisions on which no later one depends."""
        assert self._roles is not None
        found = 1
        for place in range(index, end):
            if place not in self._roles.settled:
                here = len(self._decisions.alternatives(self._decisions.steps[place], state))
                self.work += here
                found *= here
        return found

    def _count(self, limit: int | None, most: int | None = None) -> dict[int, _Layer] | None:
        """Return the ways of each state before each decision, but for those inside a run on which no later
        one depends; None where that is more work than `limit`.

        Args:
            limit: of work.
            most: states before one decision; the rest is forgotten.
        """
        index, frontier = 0, dict([self._kept(0, State())])
        layers: list[tuple[int, dict[Hashable, Mapping[Hashable, int]]]] = []
        while index < len(self._decisions.steps):
            end = self._end(index)
            reached: dict[Hashable, State] = {}
            layer: dict[Hashable, Mapping[Hashable, int]] = {}
            for key, state in frontier.items():
                layer[key] = self._following(index, end, state, reached)
                if limit is not None and self.work > limit:
                    return None
            if most is not None and len(reached) > most:
                layer, reached = self._narrowed(end, layer, reached, most)
            self.width = max(self.width, len(reached))
            layers.append((index, layer))
            index, frontier = end, reached
        after: _Layer = dict.fromkeys(frontier, 1)
        counts = {index: after}
        for index, layer in reversed(layers):
            after = counts[index] = {
                key: sum(after[following] * times for following, times in items.items())
                for key, items in layer.items()
            }
        return counts

    def _following(
        self, index: int, end: int, state: State, reached: dict[Hashable, State]
    ) -> Mapping[Hashable, int]:
        """Return the states before decision `end`, each with the number of ways that lead to it."""
        self.work += 1 + len(state.removed) + len(state.facts)
        if self.alike(index):
            key, kept = self._kept(end, state)
            reached.setdefault(key, kept)
            return {key: self._alternatives(index, end, state)}
        alternatives = self._decisions.alternatives(self._decisions.steps[index], state)
        self.work += len(alternatives)
        found: Counter[Hashable] = Counter()
        for alternative in alternatives:
            key, kept = self._kept(end, self._decisions.after(index, state, alternative))
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
