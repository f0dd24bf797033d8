"""The decisions that make an architecture, in order: counted, sampled, enumerated, validated, chosen.

A decision can depend on earlier ones: a node that chose zero is the source of no edge, and a choice that
stands in two places is made once. A state carries both, so that counting is a dynamic programme over the
decisions and never an enumeration.
"""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from attrs import field, frozen

from nasframe.errors import ArchitectureError, in_lines, nearest
from nasframe.space.choice import Assignment
from nasframe.space.wiring import FlatEdge, Wiring

__all__ = ["Alternative", "Decision", "Decisions", "State"]


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
    """One decision: at a node, at a port or several, on an edge, about the edges that a port keeps,
    or about the sources that are dealt to several ports.

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


class Decisions:
    """Every decision of a wiring, in topological order."""

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
        """Return the number of architectures."""
        return self._completions[0].get(State(), 0)

    def sample(self, source: random.Random) -> dict[str, str]:
        """Return an architecture drawn uniformly."""
        completions = self._completions
        index, state = itertools.count(), State()

        def decide(step: Decision, alternatives: Sequence[Alternative]) -> Alternative:
            nonlocal state
            here = next(index)
            following = [self.after(here, state, alternative) for alternative in alternatives]
            ticket = source.randrange(sum(completions[here + 1][item] for item in following))
            for alternative, item in zip(alternatives, following, strict=True):
                ticket -= completions[here + 1][item]
                if ticket < 0:
                    state = item
                    return alternative
            raise AssertionError("the counts of the alternatives add up to that of the state")

        return self.walk(decide)

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
    def _completions(self) -> list[dict[State, int]]:
        """For every step and reachable state, the number of ways to decide the rest."""
        layers: list[dict[State, list[State]]] = []
        frontier = {State()}
        for index, step in enumerate(self.steps):
            layer = {
                state: [
                    self.after(index, state, alternative) for alternative in self.alternatives(step, state)
                ]
                for state in frontier
            }
            layers.append(layer)
            frontier = {state for following in layer.values() for state in following}
        counts: list[dict[State, int]] = [dict.fromkeys(frontier, 1)]
        for layer in reversed(layers):
            counts.append({state: sum(counts[-1][item] for item in items) for state, items in layer.items()})
        return counts[::-1]

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
