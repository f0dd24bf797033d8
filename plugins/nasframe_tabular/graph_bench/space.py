"""The space of NAS-Bench-Graph (Qin, Zhang, Wang, Zhu, NeurIPS 2022): four nodes, linked in nine ways."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from attrs import frozen

from nasframe import Alternative, Choice, Decision, Decisions, SearchSpace, Shape, SpaceFactory, State, Wiring
from nasframe.errors import SpaceError
from nasframe.options import option
from nasframe_tabular.graph_bench.codes import LINKS, OPERATIONS, SKIP
from nasframe_tabular.graph_bench.operations import NAMES

__all__ = ["INPUTS", "LINK_NAMES", "GraphSpace", "NASBenchGraph"]

INPUTS: Mapping[str, Shape] = {"graph": (1,)}
"""The one input; its size is a symbol too."""

LINK_NAMES = {f"links_{''.join(map(str, links))}": links for links in LINKS}
"""Candidate of the choice `links` → for each node the one that it takes."""

_NODES = range(1, len(LINKS[0]) + 1)
_SKIP = NAMES[SKIP]
_ONLY_SKIPS = "only skips"


def _check(_: object, __: object, value: tuple[str, ...]) -> None:
    unknown = [name for name in value if name not in OPERATIONS]
    if unknown or len(set(value)) != len(value) or not {*value} - {SKIP}:
        raise ValueError(
            f"expected different ones of {', '.join(OPERATIONS)}, one of them no {SKIP}; found "
            f"{', '.join(value) or 'none'}"
        )


@frozen
class NASBenchGraph(SpaceFactory):
    """Four nodes with an operation each, linked in one of nine ways; its networks are looked up, never built.

    A node takes the input of the network or an earlier node. The values of the nodes that nobody takes are
    the output. One way to skip is left out, as in the benchmark: the input itself is no part of the output.

    Example:
        >>> NASBenchGraph().build({"graph": (1,)}, outputs=1).count()
        53056
    """

    operations: tuple[str, ...] = option(
        OPERATIONS, help="candidates of every node, by their names in the benchmark", validator=_check
    )

    def make(self, inputs: Mapping[str, Shape], outputs: int) -> SearchSpace:
        if {name: tuple(shape) for name, shape in inputs.items()} != INPUTS or outputs != 1:
            raise SpaceError(
                f"the space of NAS-Bench-Graph is for its own task, with the input {INPUTS} and one output; "
                f"found {dict(inputs)} and {outputs}"
            )
        space = GraphSpace("nas_bench_graph", derivation="argmax")
        space.add_input("graph", INPUTS["graph"])
        candidates = tuple(NAMES[name] for name in self.operations)
        for name, links in LINK_NAMES.items():
            nodes = ["graph"]
            for number, source in zip(_NODES, links, strict=True):
                choice = Choice(f"node{number}", candidates, "operations")
                nodes.append(space.add_node(f"{name}_{number}", choice=choice))
                space.connect(nodes[source], nodes[number])
            space.add_node(name, "gnn_output")
            for number in _NODES:
                if number not in links:
                    space.connect(nodes[number], name, str(number))
        space.add_node("output", "identity")
        for name in LINK_NAMES:
            space.connect(name, "output")
        space.choose_source("output", "x", "links", "links")
        space.set_output("output")
        return space


class GraphSpace(SearchSpace):
    """A space in which the links are decided first, and then the operation of each node."""

    @functools.cached_property
    def decisions(self) -> Decisions:
        return GraphDecisions(self.wiring)


class GraphDecisions(Decisions):
    """The links, then the four operations, without those that make the input a part of the output.

    A node that nobody takes may not skip where all nodes before it skip. The others can be chosen there, so
    no decision is ever without an alternative.
    """

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(wiring)
        ports = [step for step in self.steps if step.kind == "port"]
        nodes = {step.choices: step for step in self.steps if step.kind == "node"}
        self.steps = (*ports, *(nodes[f"node{number}",] for number in _NODES))

    def alternatives(self, step: Decision, state: State) -> list[Alternative]:
        found = super().alternatives(step, state)
        if step.kind == "port":
            return found
        links, bare = _seen(state)
        number = int(step.choices[0].removeprefix("node"))
        if number in links or links[number - 1] not in bare:
            return found
        return [item for item in found if item.assigns[0][1] != _SKIP]

    def after(self, index: int, state: State, alternative: Alternative) -> State:
        """Return the links, and the nodes so far whose value is still the input."""
        ((choice, candidate),) = alternative.assigns
        if choice == "links":
            return State(facts=frozenset({(choice, candidate), (_ONLY_SKIPS, "0")}))
        links, bare = _seen(state)
        number = int(choice.removeprefix("node"))
        if candidate == _SKIP and links[number - 1] in bare:
            return State(facts=state.facts | {(_ONLY_SKIPS, str(number))})
        return state


def _seen(state: State) -> tuple[Sequence[int], set[int]]:
    """Return the links of a state, and the nodes that have the value of the input."""
    links = next(LINK_NAMES[value] for name, value in state.facts if name == "links")
    return links, {int(value) for name, value in state.facts if name == _ONLY_SKIPS}
