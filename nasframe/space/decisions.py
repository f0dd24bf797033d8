"""The decisions that make an architecture, in order: counted, sampled, enumerated, validated, chosen.

A decision can depend on earlier ones: a node that chose zero is nobody's source, and a choice that
stands in two places is made once. Both are carried as a state, so that counting is a dynamic programme
over the decisions and never an enumeration.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal

from attrs import field, frozen

from nasframe.errors import ArchitectureError, nearest
from nasframe.operations import is_zero
from nasframe.space.records import Assignment
from nasframe.space.wiring import FlatEdge, Wiring

__all__ = ["Decision", "Decisions", "Option", "State"]


@frozen
class Option:
    """One way to decide: what it assigns, and the node it removes, if any."""

    assigns: tuple[tuple[str, str], ...] = ()
    removes: str | None = None


@frozen
class State:
    """What later decisions need to know of earlier ones."""

    removed: frozenset[str] = frozenset()
    facts: frozenset[tuple[str, str]] = frozenset()


@frozen
class Decision:
    """One decision: at a node, at a port, on an edge, or the dealing of sources to several ports."""

    kind: Literal["node", "port", "edge", "deal"]
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
        self.steps = tuple(_steps(wiring))
        self._zero = {
            (choice.name, candidate)
            for node in wiring.nodes.values()
            if (choice := node.choice) is not None
            for candidate in choice.candidates
            if is_zero(candidate)
        }
        # What a state still needs to hold before each step.
        later_nodes: frozenset[str] = frozenset()
        later_choices: frozenset[str] = frozenset()
        self._kept: list[tuple[frozenset[str], frozenset[str]]] = [(later_nodes, later_choices)]
        for step in reversed(self.steps):
            later_nodes |= step.needs
            later_choices |= frozenset(step.choices)
            self._kept.append((later_nodes, later_choices))
        self._kept.reverse()

    # -- one step ---------------------------------------------------------------------------------------

    def options(self, step: Decision, state: State) -> list[Option]:
        """The ways to decide `step`; a decision that nothing depends on any more has the empty one only."""
        if any(node in state.removed for node in step.nodes):
            return [Option()]
        facts = dict(state.facts)
        alive = [edge for edge in step.edges if edge.source not in state.removed]
        if step.kind == "node":
            return self._node_options(step, facts)
        if not alive:
            return [Option()]
        if step.kind == "port":
            made = [Option(((step.choices[0], edge.label),)) for edge in alive]
        elif step.kind == "edge":
            candidates = self.wiring.choices[step.choices[0]].candidates
            made = [Option(((step.choices[0], candidate),)) for candidate in candidates]
        else:
            made = [
                _dealt(alive, chosen) for chosen in itertools.combinations(alive, min(step.size, len(alive)))
            ]
        return [
            option
            for option in made
            if all(facts.get(name, value) == value for name, value in option.assigns)
        ]

    def after(self, index: int, state: State, option: Option) -> State:
        """The state after step `index` was decided."""
        nodes, choices = self._kept[index + 1]
        removed = state.removed | {option.removes} if option.removes else state.removed
        facts = state.facts | set(option.assigns)
        return State(removed & nodes, frozenset(fact for fact in facts if fact[0] in choices))

    def walk(self, decide: Callable[[Decision, Sequence[Option]], Option]) -> dict[str, str]:
        """Decide every step in order; returns the assignment."""
        state, assignment = State(), dict[str, str]()
        for index, step in enumerate(self.steps):
            option = decide(step, self.options(step, state))
            assignment.update(option.assigns)
            state = self.after(index, state, option)
        return assignment

    # -- all of them ------------------------------------------------------------------------------------

    def count(self) -> int:
        """Number of architectures."""
        return self._completions()[0].get(State(), 0)

    def sample(self, source: random.Random) -> dict[str, str]:
        """An architecture drawn uniformly."""
        completions = self._completions()
        index, state = itertools.count(), State()

        def decide(step: Decision, options: Sequence[Option]) -> Option:
            nonlocal state
            here = next(index)
            following = [self.after(here, state, option) for option in options]
            ticket = source.randrange(sum(completions[here + 1][item] for item in following))
            for option, item in zip(options, following, strict=True):
                ticket -= completions[here + 1][item]
                if ticket < 0:
                    state = item
                    return option
            raise AssertionError("the counts of the options add up to that of the state")

        return self.walk(decide)

    def enumerate(self) -> Iterator[dict[str, str]]:
        """Every architecture."""

        def descend(index: int, state: State, assignment: dict[str, str]) -> Iterator[dict[str, str]]:
            if index == len(self.steps):
                yield assignment
                return
            for option in self.options(self.steps[index], state):
                yield from descend(
                    index + 1, self.after(index, state, option), assignment | dict(option.assigns)
                )

        return descend(0, State(), {})

    def validate(self, assignment: Assignment) -> dict[str, str]:
        """The full assignment; see `SearchSpace.validate`."""
        problems = list(_range_problems(self.wiring, assignment))
        if problems:
            raise ArchitectureError("\n  ".join(["the architecture is not in the space:", *problems]))
        used: set[str] = set()

        def decide(step: Decision, options: Sequence[Option]) -> Option:
            used.update(name for option in options for name, _ in option.assigns)
            for option in options:
                if all(assignment.get(name, "zero") == value for name, value in option.assigns):
                    if step.kind not in ("edge", "deal") and any(
                        name not in assignment for name, _ in option.assigns
                    ):
                        continue
                    return option
            problems.append(_mismatch(step, options, assignment))
            return options[0]

        complete = self.walk(decide)
        for name, value in assignment.items():
            if name not in used and value != "zero":
                problems.append(f"{name}: is set to {value!r}, but what it belongs to was removed")
        if problems:
            raise ArchitectureError("\n  ".join(["the architecture is not in the space:", *problems]))
        return complete

    def _completions(self) -> list[dict[State, int]]:
        """For every step and reachable state, the number of ways to decide the rest."""
        layers: list[dict[State, list[State]]] = []
        frontier = {State()}
        for index, step in enumerate(self.steps):
            layer = {
                state: [self.after(index, state, option) for option in self.options(step, state)]
                for state in frontier
            }
            layers.append(layer)
            frontier = {state for following in layer.values() for state in following}
        counts: list[dict[State, int]] = [dict.fromkeys(frontier, 1)]
        for layer in reversed(layers):
            counts.append({state: sum(counts[-1][item] for item in items) for state, items in layer.items()})
        return counts[::-1]

    def _node_options(self, step: Decision, facts: Mapping[str, str]) -> list[Option]:
        name = step.choices[0]
        candidates = self.wiring.choices[name].candidates
        return [
            Option(((name, candidate),), removes=step.nodes[0] if (name, candidate) in self._zero else None)
            for candidate in candidates
            if facts.get(name, candidate) == candidate
        ]


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
            elif port in node.port_choices:
                yield Decision("port", f"{name}.{port}", (name,), (node.port_choices[port].name,), edges)
            else:
                for edge in edges:
                    if edge.choice is not None:
                        yield Decision("edge", edge.choice.name, (name,), (edge.choice.name,), (edge,))


def _dealt(alive: Sequence[FlatEdge], chosen: Sequence[FlatEdge]) -> Option:
    kept = {edge.source for edge in chosen}
    return Option(
        tuple(
            (edge.choice.name, "identity" if edge.source in kept else "zero") for edge in alive if edge.choice
        )
    )


def _range_problems(wiring: Wiring, assignment: Assignment) -> Iterator[str]:
    for name, value in assignment.items():
        if name not in wiring.choices:
            yield f"{name}: unknown choice{nearest(name, wiring.choices)}"
        elif value not in wiring.choices[name].candidates:
            yield f"{name}: unknown candidate {value!r}{nearest(value, wiring.choices[name].candidates)}"


def _mismatch(step: Decision, options: Sequence[Option], assignment: Assignment) -> str:
    if step.kind == "deal":
        names = [name for name, _ in options[0].assigns]
        wanted = sum(value == "identity" for _, value in options[0].assigns)
        kept = [name for name in names if assignment.get(name) == "identity"]
        found = ", ".join(kept) or "none"
        return f"{step.name}: keeps exactly {wanted} of its sources, found {len(kept)} ({found})"
    name = step.choices[0]
    valid = sorted({value for option in options for _, value in option.assigns})
    if name not in assignment:
        return f"{name}: is missing; valid: {', '.join(valid)}"
    return f"{name}: {assignment[name]!r} was removed or is decided elsewhere; valid here: {', '.join(valid)}"
