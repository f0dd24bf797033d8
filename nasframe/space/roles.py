"""The part of earlier decisions that later ones ask for: states that differ in nothing else are one.

Two removed nodes are alike where each later decision asks of both the same, as of all nodes that go into
one sum. What counts is then how many of them are removed, and not which.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Hashable, Iterable, Sequence

from attrs import define, field

from nasframe.space.steps import Decision, State
from nasframe.space.wiring import Wiring

__all__ = ["Roles"]


@define
class _Timeline:
    """The roles of one node: `roles[k]` from the decision `places[k - 1]` on, until `places[k]`."""

    places: list[int] = field(factory=list)
    roles: list[int] = field(factory=lambda: [0])

    def at(self, index: int) -> int:
        """Return the role before decision `index`; 0 where none asks any more whether the node is there."""
        return self.roles[bisect.bisect_left(self.places, index)]


class Roles:
    """The roles of nodes and choices in the decisions of a wiring, in their order.

    Attributes:
        settled: places of decisions that an earlier one settles: the same choices of tied nodes with tied
            sources. One of their alternatives is left, and nothing else depends on them.
        ends: place of a decision on which no later one depends → that of the next one of another kind. As
            many ways follow each of its alternatives.
    """

    def __init__(self, wiring: Wiring, steps: Sequence[Decision]) -> None:
        self._wiring = wiring
        self._tie = {
            name: node.choice.name
            for name, node in wiring.nodes.items()
            if node.choice is not None and wiring.absent(node.choice.name) is not None
        }
        self.settled = frozenset(self._repeated(steps))
        self._asked = self._places(steps)
        self.ends = self._runs(steps)
        self._bits = [0.0]
        self._timelines = self._lines(steps)
        self.settled |= frozenset(self._nodes_of_ties(steps))
        self._asked = self._places(steps)
        self.ends = self._runs(steps)
        self._decided = {step.nodes[0]: index for index, step in enumerate(steps) if step.kind == "node"}
        self._forgotten: dict[str, int] = {}
        self._forgets_facts = False

    def kept(self, index: int, state: State) -> tuple[Hashable, State]:
        """Return what decisions from `index` on can tell of a state, and the state without all else."""
        roles, removed = [], []
        for name in state.removed:
            role = self._role(index, name)
            if role:
                roles.append(role)
                removed.append(name)
        roles.sort()
        facts = frozenset([fact for fact in state.facts if self._is_asked(index, fact[0])])
        return (tuple(roles), facts), State(frozenset(removed), facts)

    def forget_facts(self) -> None:
        """Take every choice for undecided."""
        self._forgets_facts = True

    def forget(self, index: int, states: Iterable[State]) -> None:
        """From decision `index` on, take the removed nodes of one role to be there: that which matters least.

        Args:
            index: of a decision.
            states: before it, one of which at least has a removed node.
        """
        found = {self._role(index, name) for state in states for name in state.removed} - {0}
        least = min(found, key=lambda role: (self._bits[role], role))
        for name in self._timelines:
            if self._decided[name] < index and self._role(index, name) == least:
                self._forgotten[name] = index

    def _role(self, index: int, name: str) -> int:
        if self._forgotten.get(name, index + 1) <= index:
            return 0
        return self._timelines[name].at(index)

    def _is_asked(self, index: int, choice: str) -> bool:
        return not self._forgets_facts and self._asked[choice][-1] >= index

    def _repeated(self, steps: Sequence[Decision]) -> Iterable[int]:
        """Yield the places of decisions about edges and ports that an earlier one settles."""
        tie = self._tie.get
        known: set[Hashable] = set()
        for index, step in enumerate(steps):
            if step.kind == "node":
                continue
            asks = tuple(
                (tie(edge.source, ""), edge.label, edge.choice and edge.choice.name) for edge in step.edges
            )
            what = (step.kind, step.choices, step.size, tuple(tie(name, "") for name in step.nodes), asks)
            if what in known:
                yield index
            known.add(what)

    def _nodes_of_ties(self, steps: Sequence[Decision]) -> Iterable[int]:
        """Yield the places of decisions about nodes of which none asks, and that go as the first of a tie."""
        ties: set[str] = set()
        for index, step in enumerate(steps):
            if step.kind == "node":
                line = self._timelines.get(step.nodes[0])
                if step.choices[0] in ties and (line is None or not line.places):
                    yield index
                ties.add(step.choices[0])

    def _places(self, steps: Sequence[Decision]) -> dict[str, list[int]]:
        """Return for each choice the places of the decisions about it that are not settled."""
        found: dict[str, list[int]] = {}
        for index, step in enumerate(steps):
            for name in step.choices if index not in self.settled else ():
                found.setdefault(name, []).append(index)
        return found

    def _runs(self, steps: Sequence[Decision]) -> dict[int, int]:
        ends: dict[int, int] = {}
        for index, step in reversed(list(enumerate(steps))):
            alone = step.kind != "node" and all(len(self._asked[name]) == 1 for name in step.choices)
            if alone or index in self.settled:
                ends[index] = ends.get(index + 1, index + 1)
        return ends

    def _lines(self, steps: Sequence[Decision]) -> dict[str, _Timeline]:
        """Return the timeline of each node that can be removed, the roles from the last one backwards."""
        lines = {name: _Timeline() for name in self._tie}
        numbers: dict[Hashable, int] = {}
        for index, step in reversed(list(enumerate(steps))):
            if step.kind == "node" or index in self.settled:
                continue
            for name in sorted(step.needs & lines.keys()):
                line = lines[name]
                asks, bits = self._asks(index, step, name)
                new = len(numbers) + 1
                role = numbers.setdefault((asks, line.roles[-1]), new)
                if role == new:
                    self._bits.append(self._bits[line.roles[-1]] + bits)
                line.places.append(index)
                line.roles.append(role)
        for line in lines.values():
            line.places.reverse()
            line.roles.reverse()
        return lines

    def _asks(self, index: int, step: Decision, name: str) -> tuple[Hashable, float]:
        """Return what a decision asks of a node, equal for those that it treats alike, and the bits that it
        loses without the node, roughly."""
        if name in step.nodes:
            return ("own", index, name), math.log2(1 + len(step.edges))
        sides = []
        for edge in step.edges:
            if edge.source != name:
                continue
            names = step.choices if edge.choice is None else (edge.choice.name,)
            shared = [(choice, edge.label) for choice in names if len(self._asked[choice]) > 1]
            sides.append((self._ways(step, edge.choice.name if edge.choice else ""), tuple(shared)))
        if step.kind == "port":  # a source is one, at however many ports it may arrive
            sides = sides[:1]
        bits = sum(math.log2(kept + gone) for (kept, gone), _ in sides)
        if step.kind != "edge" or index not in self.ends:
            return (index, tuple(sides)), bits
        # edges that are decided in one run, each by itself, are alike where their targets are
        into = tuple(node for node in step.nodes if node in self._tie)
        return (self.ends[index], into, tuple(sides)), bits

    def _ways(self, step: Decision, choice: str) -> tuple[int, int]:
        """Return how many candidates of an edge's choice keep it, and how many drop it."""
        if step.kind == "port":
            return 1, 1
        candidates = self._wiring.choices[choice].candidates
        gone = sum(self._wiring.removes(choice, name) for name in candidates)
        return len(candidates) - gone, gone
