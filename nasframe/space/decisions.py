"""The decisions that make an architecture, in order: counted, sampled, enumerated, validated, chosen.

A decision can depend on earlier ones: a node that chose zero is the source of no edge, and a choice that
stands in two places is made once. A state carries both, so that counting is a dynamic programme over the
decisions and never an enumeration. Where that is too much work, architectures are drawn decision by decision
and weighed, which gives an estimate of their number (Knuth 1975, Estimating the efficiency of backtrack
programs) and, by rejection, uniform draws.
"""

from __future__ import annotations

import functools
import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from attrs import frozen

from nasframe.errors import ArchitectureError, SpaceError, in_lines, nearest
from nasframe.space.architecture_count import ArchitectureCount, mean_of_powers
from nasframe.space.choice import Assignment
from nasframe.space.completions import WORK, Completions
from nasframe.space.roles import Roles
from nasframe.space.steps import Alternative, Decision, State
from nasframe.space.wiring import FlatEdge, Wiring

__all__ = ["Decisions"]


_DESCENTS = 1000
"""The most draws of an estimate."""

_TRIES = 200
"""The most draws of which one is taken."""

_LEAST = 10
"""The least draws, however much work each of them is."""

_LARGE_ERROR = 0.3
"""The relative standard error from which on an estimate gives way to a bound."""


@frozen
class _Descent:
    """An architecture that was drawn decision by decision.

    Attributes:
        assignment: of it; broken off where there is no way to go on.
        bits: logarithm of its weight, which is how much too seldom it is drawn.
        work: that it was, as `Decisions.work` counts it.
    """

    assignment: dict[str, str]
    bits: float
    work: int


@frozen
class _WithoutRemoval:
    """The decisions of the architectures that remove no node."""

    decisions: Decisions

    @property
    def steps(self) -> Sequence[Decision]:
        return self.decisions.steps

    def alternatives(self, step: Decision, state: State) -> list[Alternative]:
        return [item for item in self.decisions.alternatives(step, state) if item.removes is None]

    def after(self, index: int, state: State, alternative: Alternative) -> State:
        return self.decisions.after(index, state, alternative)


class Decisions:
    """Every decision of a wiring, in topological order.

    Attributes:
        wiring: of the space.
        steps: the decisions.
        work: how much counting may be before an estimate takes its place, in alternatives looked at and parts
            of states.
    """

    work = WORK

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.steps = _ties_together(list(_steps(wiring)))
        # The nodes and choices that a state still needs before each step.
        later_nodes: frozenset[str] = frozenset()
        later_choices: frozenset[str] = frozenset()
        self._kept: list[tuple[frozenset[str], frozenset[str]]] = [(later_nodes, later_choices)]
        for step in reversed(self.steps):
            later_nodes |= step.needs
            later_choices |= frozenset(step.choices)
            self._kept.append((later_nodes, later_choices))
        self._kept.reverse()

    # -- one step ---------------------------------------------------------------------------------------

    def alternatives(self, step: Decision, state: State) -> list[Alternative]:
        """Return the ways to decide `step`; only the empty one where its node or all sources were removed."""
        if any(node in state.removed for node in step.nodes):
            return [Alternative()]
        facts = dict(state.facts)
        alive = [edge for edge in step.edges if edge.source not in state.removed]
        if step.kind == "node":
            return self._node_alternatives(step, facts)
        if not alive:
            return [Alternative()]
        if step.kind == "port":
            made = self._sourcings(step, alive)
            if not made:
                return [Alternative()]
        elif step.kind == "edge":
            candidates = self.wiring.choices[step.choices[0]].candidates
            made = [Alternative(((step.choices[0], candidate),)) for candidate in candidates]
        elif step.kind == "keep":
            made = self._keepings(step, alive, facts)
        else:
            made = self._dealings(step, alive)
        return [
            alternative
            for alternative in made
            if all(facts.get(name, value) == value for name, value in alternative.assigns)
        ]

    def after(self, index: int, state: State, alternative: Alternative) -> State:
        """Return the state after step `index` was decided."""
        nodes, choices = self._kept[index + 1]
        removed = state.removed | {alternative.removes} if alternative.removes else state.removed
        facts = state.facts | set(alternative.assigns)
        return State(removed & nodes, frozenset(fact for fact in facts if fact[0] in choices))

    def walk(self, decide: Callable[[Decision, Sequence[Alternative]], Alternative]) -> dict[str, str]:
        """Decide every step in order, and return the assignment."""
        state, assignment = State(), dict[str, str]()
        for index, step in enumerate(self.steps):
            alternative = decide(step, self.alternatives(step, state))
            assignment.update(alternative.assigns)
            state = self.after(index, state, alternative)
        return assignment

    # -- all of them ------------------------------------------------------------------------------------

    def count(self) -> int:
        """Return the number of architectures; see `SearchSpace.count`."""
        size = self.how_many()
        if not size.exact:
            raise SpaceError(
                f"the space is too large to be counted exactly, it has {size.in_words}; how_many() estimates"
            )
        return size.value

    def how_many(self) -> ArchitectureCount:
        """Return how many architectures there are; see `SearchSpace.how_many`."""
        return self._how_many

    def sample(self, source: random.Random) -> dict[str, str]:
        """Return an architecture drawn at random; see `SearchSpace.sample`."""
        if self.completions.exact:
            return self._descend(source).assignment
        drawn: list[_Descent] = []
        for descent in self._descents(source, _TRIES):
            # no descent weighs more than 1 here, so what is kept is uniform
            if self.completions.bounding and source.random() < 2**descent.bits:
                return descent.assignment
            drawn.append(descent)
        most = max(descent.bits for descent in drawn)
        if most == -math.inf:
            raise SpaceError(f"{len(drawn)} draws found no architecture: choices in several places conflict")
        weights = [2 ** (descent.bits - most) for descent in drawn]
        return source.choices(drawn, weights)[0].assignment

    def enumerate(self) -> Iterator[dict[str, str]]:
        """Yield every architecture."""

        def descend(index: int, state: State, assignment: dict[str, str]) -> Iterator[dict[str, str]]:
            if index == len(self.steps):
                yield assignment
                return
            for alternative in self.alternatives(self.steps[index], state):
                yield from descend(
                    index + 1, self.after(index, state, alternative), assignment | dict(alternative.assigns)
                )

        return descend(0, State(), {})

    def validate(self, assignment: Assignment) -> dict[str, str]:
        """Return the full assignment; see `SearchSpace.validate`."""
        problems = list(_range_problems(self.wiring, assignment))
        if problems:
            raise ArchitectureError(in_lines("the architecture is not in the space:", *problems))
        used: set[str] = set()

        def decide(step: Decision, alternatives: Sequence[Alternative]) -> Alternative:
            names = {name for alternative in alternatives for name, _ in alternative.assigns}
            used.update(names)
            given = {name: self._given(step, assignment, name) for name in names}
            fitting = [
                alternative
                for alternative in alternatives
                if all(given[name] in (None, value) for name, value in alternative.assigns)
            ]
            if len(fitting) == 1:  # also where it leaves a choice out that has one valid candidate
                return fitting[0]
            problems.append(self._mismatch(step, alternatives, assignment))
            return alternatives[0]

        complete = self.walk(decide)
        for name, value in assignment.items():
            if name not in used and value != self.wiring.absent(name):
                problems.append(f"{name}: is set to {value!r}, but its node or edge was removed")
        if problems:
            raise ArchitectureError(in_lines("the architecture is not in the space:", *problems))
        return complete

    @functools.cached_property
    def completions(self) -> Completions:
        """The number of ways to go on from each state: exact, or a bound that guides draws."""
        return Completions(self, self._roles(), self.work)

    def _roles(self) -> Roles | None:
        """Return what steps ask of earlier ones; None for a class that knows alone what its states mean."""
        own = type(self).alternatives is Decisions.alternatives and type(self).after is Decisions.after
        return Roles(self.wiring, self.steps) if own else None

    @functools.cached_property
    def _how_many(self) -> ArchitectureCount:
        if self.completions.exact:
            return ArchitectureCount(self.completions.ways(0, State()))
        drawn = [descent.bits for descent in self._descents(random.Random(0), _DESCENTS)]
        value, error = mean_of_powers(self.completions.ways(0, State()), drawn)
        if error > _LARGE_ERROR:  # a few draws decide, and heavier ones may be missing
            without = Completions(_WithoutRemoval(self), self._roles(), self.work)
            if without.exact and without.ways(0, State()):
                return ArchitectureCount(without.ways(0, State()), "at least")
        return ArchitectureCount(value, "about", error)

    def _descents(self, source: random.Random, most: int) -> Iterator[_Descent]:
        """Yield draws until there are so many or they are enough work, but a few at least."""
        work = 0
        for number in range(most):
            if number >= _LEAST and work > self.work // 2:
                return
            descent = self._descend(source)
            work += descent.work
            yield descent

    def _descend(self, source: random.Random) -> _Descent:
        """Decide one step after another, alternatives in proportion to what follows them."""
        completions, assignment = self.completions, dict[str, str]()
        work = -completions.work
        state, ways, bits = State(), completions.ways(0, State()), 0.0
        for index, step in enumerate(self.steps):
            alternatives = self.alternatives(step, state)
            work += len(alternatives)
            if completions.alike(index):
                counts = [ways // len(alternatives)] * len(alternatives)
                chosen = source.randrange(ways) // counts[0]
                state, ways = self.after(index, state, alternatives[chosen]), counts[chosen]
            else:
                following = [self.after(index, state, alternative) for alternative in alternatives]
                counts = [completions.ways(index + 1, item) for item in following]
                total = sum(counts)
                if not total:  # a choice that stands in two places has no value that suits both
                    return _Descent(assignment, -math.inf, work + completions.work)
                ticket = source.randrange(total)
                sums = itertools.accumulate(counts)
                chosen = next(place for place, upto in enumerate(sums) if ticket < upto)
                if total != ways:
                    bits += math.log2(total) - math.log2(ways)
                state, ways = following[chosen], counts[chosen]
            assignment.update(alternatives[chosen].assigns)
        return _Descent(assignment, bits, work + completions.work)

    def _node_alternatives(self, step: Decision, facts: Mapping[str, str]) -> list[Alternative]:
        name = step.choices[0]
        return [
            Alternative(((name, item),), removes=step.nodes[0] if self.wiring.removes(name, item) else None)
            for item in self.wiring.choices[name].candidates
            if facts.get(name, item) == item
        ]

    def _sourcings(self, step: Decision, alive: Sequence[FlatEdge]) -> list[Alternative]:
        """Return every candidate of a choice among sources of which all are there."""
        first = step.edges[0]
        chosen = self.wiring.port_sources[first.target, first.port]
        there = {(edge.target, edge.port, edge.label) for edge in alive}
        return [
            Alternative(((step.choices[0], name),))
            for name, labels in chosen.sources.items()
            if all((*port, label) in there for port, label in zip(chosen.ports, labels, strict=True))
        ]

    def _dealings(self, step: Decision, alive: Sequence[FlatEdge]) -> list[Alternative]:
        """Return every way to keep as many sources as there are ports."""
        names = {edge.source: edge.choice.name for edge in alive if edge.choice is not None}
        made = []
        for kept in itertools.combinations(names, min(step.size, len(names))):
            made.append(
                Alternative(
                    tuple((name, self._decided(name, source in kept)) for source, name in names.items())
                )
            )
        return made

    def _keepings(
        self, step: Decision, alive: Sequence[FlatEdge], facts: Mapping[str, str]
    ) -> list[Alternative]:
        """Return every way to keep exactly as many edges as the port keeps, with their candidates."""
        names = [edge.choice.name for edge in alive if edge.choice is not None]
        absent = {name: self._decided(name, keep=False) for name in names}
        open_to = {
            name: [facts[name]] if name in facts else self.wiring.choices[name].candidates for name in names
        }
        made = []
        for kept in itertools.combinations(names, min(step.size, len(names))):
            options = [
                [item for item in open_to[name] if (item != absent[name]) == (name in kept)] for name in names
            ]
            made += [
                Alternative(tuple(zip(names, values, strict=True))) for values in itertools.product(*options)
            ]
        return made

    def _decided(self, choice: str, keep: bool) -> str:
        """Return the candidate that keeps a dealt edge, or the one that drops it."""
        candidates = self.wiring.choices[choice].candidates
        return next(name for name in candidates if self.wiring.removes(choice, name) != keep)

    def _given(self, step: Decision, assignment: Assignment, name: str) -> str | None:
        """Return the candidate that an assignment gives a choice; an edge that it leaves out is absent."""
        left_out = self.wiring.absent(name) if step.kind in ("edge", "keep", "deal") else None
        return assignment.get(name, left_out)

    def _mismatch(self, step: Decision, alternatives: Sequence[Alternative], assignment: Assignment) -> str:
        names = [name for name, _ in alternatives[0].assigns]
        kept = [n for n in names if not self.wiring.removes(n, self._given(step, assignment, n) or "")]
        wanted = min(step.size, len(names))
        if step.kind == "deal" or (step.kind == "keep" and len(kept) != wanted):
            what = "sources" if step.kind == "deal" else "edges"
            found = ", ".join(kept) or "none"
            return f"{step.name}: keeps exactly {wanted} of its {what}, found {len(kept)} ({found})"
        if step.kind == "keep":  # a choice that stands elsewhere too is decided there
            return (
                f"{step.name}: the edges that it keeps are decided elsewhere, as {_listed(alternatives[0])}"
            )
        name = step.choices[0]
        valid = ", ".join(sorted({value for alternative in alternatives for _, value in alternative.assigns}))
        if name not in assignment:
            return f"{name}: is missing; valid: {valid}"
        return f"{name}: {assignment[name]!r} was removed or is decided elsewhere; valid here: {valid}"


def _listed(alternative: Alternative) -> str:
    return ", ".join(f"{name} = {value!r}" for name, value in alternative.assigns)


def _steps(wiring: Wiring) -> Iterator[Decision]:
    dealt = {port: deal for deal in wiring.deals.values() for port in deal.ports}
    done: set[str] = set()
    for name, node in wiring.nodes.items():
        if node.choice is not None:
            yield Decision("node", name, (name,), (node.choice.name,))
        for port in node.ports:
            edges = wiring.arrivals[name, port]
            deal = dealt.get((name, port))
            if deal is not None:
                if deal.name not in done:
                    done.add(deal.name)
                    choices = tuple(edge.choice.name for edge in edges if edge.choice is not None)
                    nodes = tuple(dict.fromkeys(node for node, _ in deal.ports))
                    yield Decision("deal", deal.name, nodes, choices, edges, len(deal.ports))
            elif (name, port) in wiring.port_sources:
                chosen = wiring.port_sources[name, port]
                if chosen.ports[0] == (name, port):
                    nodes = tuple(dict.fromkeys(node for node, _ in chosen.ports))
                    all_edges = tuple(edge for place in chosen.ports for edge in wiring.arrivals[place])
                    where = chosen.choice.name if len(chosen.ports) > 1 else f"{name}.{port}"
                    yield Decision("port", where, nodes, (chosen.choice.name,), all_edges)
            elif port in node.keeps:
                choices = tuple(edge.choice.name for edge in edges if edge.choice is not None)
                yield Decision("keep", f"{name}.{port}", (name,), choices, edges, node.keeps[port])
            else:
                for edge in edges:
                    if edge.choice is not None:
                        yield Decision("edge", edge.choice.name, (name,), (edge.choice.name,), (edge,))


def _ties_together(steps: list[Decision]) -> tuple[Decision, ...]:
    """Put decisions about one choice side by side, so that states forget it soon and counting stays small.

    The order stays where a decision would otherwise come before the decision of a node that it depends on.
    """
    first: dict[str, int] = {}
    for index, step in enumerate(steps):
        for name in step.choices:
            first.setdefault(name, index)
    ordered = sorted(steps, key=lambda step: min(first[name] for name in step.choices))
    undecided = {step.nodes[0] for step in steps if step.kind == "node"}
    for step in ordered:
        if step.kind == "node":
            undecided.discard(step.nodes[0])
        elif step.needs & undecided:
            return tuple(steps)
    return tuple(ordered)


def _range_problems(wiring: Wiring, assignment: Assignment) -> Iterator[str]:
    for name, value in assignment.items():
        if name not in wiring.choices:
            yield f"{name}: unknown choice{nearest(name, wiring.choices)}"
        elif value not in wiring.choices[name].candidates:
            yield f"{name}: unknown candidate {value!r}{nearest(value, wiring.choices[name].candidates)}"
