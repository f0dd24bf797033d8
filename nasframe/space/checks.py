"""The checks of a space before it is searched; everything wrong is listed at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Sequence

import networkx as nx

from nasframe.errors import PluginError, SpaceError
from nasframe.operations import OpSpec, arity_of, is_identity, is_zero
from nasframe.runtime import counted
from nasframe.space.choice import Choice
from nasframe.space.graph import MOST_WAYS, Node, SpaceGraph

__all__ = ["check"]


def check(space: SpaceGraph) -> None:
    """Raise a `SpaceError` that lists everything wrong with the space and its cells."""
    problems = list(dict.fromkeys(_problems(space, "", (space,), set())))
    problems += [] if problems else list(_output_problems(space, space.output or ""))
    if problems:
        raise SpaceError(
            "\n".join([f"search space {space.name!r} is not valid:", *(f"  {p}" for p in problems)])
        )


def _problems(
    space: SpaceGraph, prefix: str, outer: tuple[SpaceGraph, ...], sound: set[int]
) -> Iterator[str]:
    """Yield what is wrong with a space and its cells; `sound` holds the cells that are known to be right."""
    graph = space.graph
    if not space.inputs:
        yield f"{prefix or 'the space'}: has no input"
    if space.output is None:
        yield f"{prefix or 'the space'}: has no output; call set_output"
    cycle = next(nx.simple_cycles(nx.DiGraph(graph)), None)
    if cycle:
        yield f"{prefix}{cycle[0]}: lies on a cycle: {' → '.join([*cycle, cycle[0]])}"
    elif space.output is not None and not any(
        name == space.output or nx.has_path(graph, name, space.output) for name in space.inputs
    ):
        yield f"{prefix}{space.output}: the output cannot be reached from any input"
    known: dict[str, Choice] = {}
    for choice in _choices(space):
        if "/" in choice.name:
            yield f"{prefix}{choice.name}: '/' separates the names of cells in the name of a choice"
        if known.setdefault(choice.name, choice) != choice:
            yield f"{prefix}{choice.name}: two different choices have this name"
    tied: dict[str, SpaceGraph] = {}
    for name in graph:
        node = space.node(name)
        yield from _node_problems(space, node, f"{prefix}{name}")
        if node.cell is not None and any(node.cell is space for space in outer):
            yield f"{prefix}{name}: lies on a cycle: the cell contains itself"
        elif node.cell is not None:
            if id(node.cell) not in sound:
                inner = list(_problems(node.cell, f"{prefix}{name}/", (*outer, node.cell), sound))
                yield from inner
                sound |= set() if inner else {id(node.cell)}
            if node.tied is not None and tied.setdefault(node.tied, node.cell) is not node.cell:
                yield f"{prefix}{name}: is tied as {node.tied!r} to a cell of another space"
            yield from _tie_problems(space, node, f"{prefix}{name}")


def _tie_problems(space: SpaceGraph, node: Node, where: str) -> Iterator[str]:
    """Report a tie whose name is that of a cell which it does not tie: both would have the same logits."""
    if node.tied is None:
        return
    if "/" in node.tied:
        yield f"{where}: is tied as {node.tied!r}: '/' separates the names of cells"
    other = space.node(node.tied) if node.tied in space.graph else None
    if other is not None and other.cell is not None and other.tied != node.tied:
        yield f"{where}: is tied as {node.tied!r}, which is the name of another cell"


def _output_problems(space: SpaceGraph, name: str) -> Iterator[str]:
    """Report an output that may choose zero: the space would have nothing to return."""
    node = space.node(name)
    if node.cell is not None:
        yield from _output_problems(node.cell, node.cell.output or "")
    elif node.choice is not None and any(is_zero(spec) for spec in _candidates(node.choice)):
        yield f"{name}: is the output, and must not choose zero"


def _choices(space: SpaceGraph) -> Iterator[Choice]:
    for name in space.graph:
        node = space.node(name)
        if node.choice is not None:
            yield node.choice
        yield from (made.choice for made in node.source_choices.values())
    for _, _, _, edge in space.edges():
        if edge.choice is not None:
            yield edge.choice


def _node_problems(space: SpaceGraph, node: Node, where: str) -> Iterator[str]:
    arriving = list(space.graph.in_edges(node.name, keys=True, data=True))
    if node.is_input:
        if arriving:
            yield f"{where}: is an input, yet edges end in it"
        yield from _operation_problems([node.operation], 1, where)
        return
    if not arriving:
        yield f"{where}: no edge ends in it"
    ports = node.ports or tuple(dict.fromkeys(port for _, _, port, _ in arriving))
    for source, _, port, data in arriving:
        edge_where = f"{where} (edge from {source})"
        if port not in ports:
            yield f"{edge_where}: there is no port {port!r}; ports: {', '.join(ports)}"
        edge = data["edge"]
        if edge.operation is not None and edge.choice is not None:
            yield f"{edge_where}: has both an operation and a choice"
        yield from _operation_problems([edge.operation, *_candidates(edge.choice)], 1, edge_where)
    for port in ports:
        if all(key != port for _, _, key, _ in arriving):
            yield f"{where}: no edge ends in port {port!r}"
        if any(port in made for made in node.source_choices) and any(
            data["edge"].choice for _, _, key, data in arriving if key == port
        ):
            yield f"{where}: port {port!r} has a choice among its sources, and so has an edge into it"
    chosen = [port for made in node.source_choices for port in made]
    for port in sorted({port for port in chosen if chosen.count(port) > 1}):
        yield f"{where}: port {port!r} has two choices among its sources"
    for own, made in node.source_choices.items():
        for place, port in enumerate(own):
            sources = {source for source, _, key, _ in arriving if key == port}
            if {names[place] for names in made.sources.values()} != sources:
                listed = ", ".join(sorted(sources))
                yield f"{where}: the choice at port {port!r} must name its sources {listed}"
    for port, count in node.keeps.items():
        into = [(source, data["edge"].choice) for source, _, key, data in arriving if key == port]
        yield from _keep_problems(node, port, count, into, where)
    yield from _operation_problems([node.operation, *_candidates(node.choice)], len(ports), where)
    yield from _operation_problems(node.then, 1, where)
    if node.deal:
        yield from _deal_problems(space, node, ports, where)


def _candidates(choice: Choice | None) -> Collection[OpSpec]:
    return () if choice is None else choice.operations.values()


def _operation_problems(specs: Iterable[OpSpec | None], count: int, where: str) -> Iterator[str]:
    for spec in specs:
        if spec is None:
            continue
        try:
            arity = arity_of(spec)
        except (PluginError, SpaceError) as error:
            yield f"{where}: {error}"
            continue
        if arity is not None and arity != count:
            yield f"{where}: operation {spec.name!r} takes {counted(arity, 'input')}, there are {count}"
        for problem in spec.option_problems():
            yield f"{where}: {problem}"


def _keep_problems(
    node: Node, port: str, count: int, into: Sequence[tuple[str, Choice | None]], where: str
) -> Iterator[str]:
    if type(count) is not int or not 1 <= count <= len(into):
        yield f"{where}: port {port!r} keeps {count!r} of its edges, and {len(into)} end there"
        return
    if node.deal or any(port in made for made in node.source_choices):
        yield f"{where}: port {port!r} keeps {count} of its edges, and has another decision about its sources"
    others = []
    for source, choice in into:
        zeros = sum(is_zero(spec) for spec in _candidates(choice))
        others.append(len(_candidates(choice)) - zeros)
        if zeros != 1 or not others[-1]:
            yield (
                f"{where} (edge from {source}): an edge of which {count} are kept chooses between zero and "
                "others"
            )
    names = [choice.name for _, choice in into if choice is not None]
    if len(set(names)) != len(names):
        yield f"{where}: port {port!r} keeps {count} of its edges, and two of these have one choice"
    ways = sum(math.prod(kept) for kept in itertools.islice(itertools.combinations(others, count), MOST_WAYS))
    if ways > MOST_WAYS:
        yield (
            f"{where}: there are more than {MOST_WAYS:,} ways to keep {count} edges of port {port!r}; keep "
            "fewer, or offer fewer operations"
        )


def _deal_problems(space: SpaceGraph, node: Node, ports: tuple[str, ...], where: str) -> Iterator[str]:
    by_port: dict[str, dict[str, Choice | None]] = {port: {} for port in ports}
    for source, _, port, data in space.graph.in_edges(node.name, keys=True, data=True):
        by_port.setdefault(port, {})[source] = data["edge"].choice
    first = by_port[ports[0]]
    if any(edges != first for edges in by_port.values()):
        yield f"{where}: to deal its sources out, every port needs the same edges with the same choices"
    for source, choice in first.items():
        roles = sorted((is_zero(spec), is_identity(spec)) for spec in _candidates(choice))
        if roles != [(False, True), (True, False)]:
            yield f"{where} (edge from {source}): a dealt edge chooses between zero and identity"
