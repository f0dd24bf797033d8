"""Samples that leave no port empty: their distribution against enumeration, and what they do not touch."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor

from nasframe import Choice, Operation, OpSpec, SearchSpace, Shape, Supernet, hookimpl
from nasframe.plugins import PluginManager
from nasframe.relaxations import (
    Dirichlet,
    GappedStraightThrough,
    GumbelRaoMonteCarlo,
    ReinMax,
    Relaxation,
    Sample,
    Softmax,
    Sparsemax,
    StraightThroughGumbelSoftmax,
    exact_jacobian,
)
from nasframe.supernet import empty_ports
from nasframe_bimodal.space import Bimodal
from nasframe_cells.nas_bench_201 import NASBench201

EDGE = ("zero", "identity")
SHAPES = {"a": (2, 3), "b": (2, 3), "c": (2, 3)}
ONE_HOT = [
    StraightThroughGumbelSoftmax(),
    GumbelRaoMonteCarlo(samples=5),
    ReinMax(),
    GappedStraightThrough(),
]
SOFT = [Softmax(), Dirichlet(), Sparsemax(), StraightThroughGumbelSoftmax(hard=False)]

Outcome = dict[str, str]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def name_of(relaxation: Relaxation) -> str:
    return type(relaxation).__name__


def supernet(space: SearchSpace, how: str = "redraw", spread: float = 1.0) -> Supernet:
    net = Supernet(space, empty_ports=how)  # type: ignore[arg-type]
    for logits in net.architecture_parameters():
        torch.nn.init.normal_(logits, std=spread, generator=seeded(1))
    return net


def outcome_of(net: Supernet, samples: Mapping[str, Sample]) -> Outcome:
    """Choice → candidate of a one-hot sample."""
    return {
        name: table.candidates[int(column)]
        for table in net.logits.tables
        for name, column in zip(table.rows, samples[table.key].weights.argmax(-1), strict=True)
    }


def fed(net: Supernet, outcome: Outcome) -> dict[tuple[str, str], bool]:
    """(node, port) → whether anything arrives there, told from the wiring of the space alone."""
    wiring, zero, found = net.wiring, set[str](), dict[tuple[str, str], bool]()
    for name, node in wiring.nodes.items():
        for port in node.ports:
            chosen = wiring.port_sources.get((name, port))
            sent = None if chosen is None else chosen.sources[outcome[chosen.choice.name]]
            found[name, port] = any(
                edge.source not in zero
                and (edge.choice is None or outcome[edge.choice.name] != "zero")
                and (chosen is None or sent[chosen.ports.index((name, port))] == edge.label)
                for edge in wiring.arrivals[name, port]
            )
        chosen = None if node.choice is None else outcome[node.choice.name]
        fixed = None if node.operation is None else node.operation.name
        passes_on_nothing = (
            "identity" in (chosen, fixed)
            and not node.is_input
            and not node.then
            and not any(found[name, port] for port in node.ports)
        )
        if chosen == "zero" or passes_on_nothing:
            zero.add(name)
    return found


def of_nodes(net: Supernet) -> set[str]:
    return {node.choice.name for node in net.wiring.nodes.values() if node.choice is not None}


def outcomes(net: Supernet) -> list[Outcome]:
    names = list(net.space.choices)
    candidates = [net.space.choices[name].candidates for name in names]
    return [dict(zip(names, columns, strict=True)) for columns in itertools.product(*candidates)]


def stated_distribution(net: Supernet) -> dict[tuple[str, ...], float]:
    """p(D_nodes) · p(D_edges | D_nodes, no port is empty that could be filled), by enumeration."""
    p = net.logits.by_choice(net.logits.probabilities(Softmax()))
    nodes = of_nodes(net)
    by_nodes: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in outcomes(net):
        by_nodes.setdefault(tuple(outcome[name] for name in sorted(nodes)), []).append(outcome)

    def chance(outcome: Outcome, names: Sequence[str]) -> float:
        product = 1.0
        for name in names:
            product *= p[name][outcome[name]]
        return product

    found: dict[tuple[str, ...], float] = {}
    edges = [name for name in net.space.choices if name not in nodes]
    for alike in by_nodes.values():
        full = [{port for port, is_fed in fed(net, outcome).items() if is_fed} for outcome in alike]
        could_be = set().union(*full)
        standing = [outcome for outcome, ports in zip(alike, full, strict=True) if ports >= could_be]
        share = sum(chance(outcome, edges) for outcome in standing)
        for outcome in standing:
            found[tuple(outcome.values())] = chance(outcome, sorted(nodes)) * chance(outcome, edges) / share
    return found


def is_drawn_as_stated(net: Supernet, relaxation: Relaxation, draws: int = 6000) -> bool:
    stated, random = stated_distribution(net), seeded(2)
    assert sum(stated.values()) == pytest.approx(1, abs=1e-5)
    counts = dict.fromkeys(stated, 0)
    for _ in range(draws):
        with torch.no_grad():
            outcome = outcome_of(net, net.sample(relaxation, generator=random))
        counts[tuple(outcome[name] for name in net.space.choices)] += 1  # a KeyError where none should be
    likely = {key for key, value in stated.items() if value * draws >= 5}
    seen = [counts[key] for key in likely] + [sum(counts[key] for key in stated.keys() - likely)]
    wanted = [stated[key] * draws for key in likely]
    wanted.append(draws - sum(wanted))
    return bool(chisquare(seen, wanted).pvalue > 1e-3)


def two_nodes() -> SearchSpace:
    """A space with a port that one source can fill, which may choose zero, and a node that passes it on."""
    space = SearchSpace("two nodes")
    for name in ("a", "b"):
        space.add_input(name, (2, 3))
    space.add_node("N1", choice=Choice("N1", ("zero", "identity", "layer_norm"), "gamma"), ports=("x",))
    space.add_node("only", "identity")
    space.add_node("N2", "layer_norm", ports=("x",))
    space.add_node("out", "layer_norm", ports=("x",))
    for source, target in [("a", "N1"), ("b", "N1"), ("N1", "only"), ("only", "N2"), ("b", "N2")]:
        space.connect(source, target, choice=Choice(f"{source}->{target}", EDGE, "beta"))
    space.connect("N2", "out", choice=Choice("N2->out", EDGE, "beta"))
    space.set_output("out")
    return space


def tied_cells() -> SearchSpace:
    cell = SearchSpace("cell")
    for name in ("x", "y"):
        cell.add_input(name)
    cell.add_node("N", choice=Choice("N", ("zero", "layer_norm"), "gamma"), ports=("x",))
    cell.add_node("out", "layer_norm", ports=("x",))
    for source, target in [("x", "N"), ("y", "N"), ("N", "out"), ("y", "out")]:
        cell.connect(source, target, choice=Choice(f"{source}->{target}", EDGE, "beta"))
    cell.set_output("out")
    space = SearchSpace("tied cells")
    for name in ("a", "b"):
        space.add_input(name, (2, 3))
    for name, before in (("first", "a"), ("second", "first")):
        space.add_cell(name, cell, tied="cell")
        space.connect(before, name, "x", choice=Choice(f"{before}->{name}", EDGE, "alpha"))
        space.connect("b", name, "x", choice=Choice(f"b->{name}", EDGE, "alpha"))
        space.connect("b", name, "y")
    space.set_output("second")
    return space


def bimodal(**options: Any) -> SearchSpace:
    return Bimodal(channels=4, dropout=0.0, **{"ports": "shared"} | options).build(SHAPES, 2)  # type: ignore[arg-type]


SPACES = {
    "two nodes": two_nodes,
    "tied cells": tied_cells,
    "shared": lambda: bimodal(ports="shared"),
    "paired": lambda: bimodal(ports="paired"),
    "choose": lambda: bimodal(ports="choose", nodes=3),
    "distinct": lambda: bimodal(ports="distinct", nodes=3),
    "bimodal, tied": lambda: bimodal(ports="shared", tied=True, cells=3),
    "nas_bench_201": lambda: NASBench201(channels=2, cells=1, stages=1).build({"image": (3, 4, 4)}, 2),
}


@pytest.mark.parametrize(
    "space",
    [two_nodes, tied_cells, lambda: Bimodal(cells=1, nodes=2, channels=2, operations=("zero", "sum"),
     ports="choose").build({"a": (1, 2), "b": (1, 2)}, 1)],
    ids=["two nodes", "tied cells", "choose"],
)  # fmt: skip
def test_samples_have_the_stated_distribution(space: Any) -> None:
    net = supernet(space())
    assert len(stated_distribution(net)) < len(outcomes(net))
    assert is_drawn_as_stated(net, StraightThroughGumbelSoftmax())


def test_a_test_of_the_distribution_refuses_samples_that_are_left_as_they_are() -> None:
    with pytest.raises(KeyError):
        is_drawn_as_stated_without_redraws()


def is_drawn_as_stated_without_redraws() -> bool:
    net = supernet(two_nodes())
    net.empty_ports = "allow"
    return is_drawn_as_stated(net, StraightThroughGumbelSoftmax())


@pytest.mark.parametrize("relaxation", ONE_HOT, ids=name_of)
@pytest.mark.parametrize("name", SPACES)
def test_no_sample_leaves_a_port_empty_that_an_edge_can_fill(name: str, relaxation: Relaxation) -> None:
    net, random = supernet(SPACES[name]()), seeded(3)
    for _ in range(30):
        outcome = outcome_of(net, net.sample(relaxation, generator=random))
        for (node, port), is_fed in fed(net, outcome).items():
            arrivals = net.wiring.arrivals[node, port]
            zero = {edge.source for edge in arrivals if not can_pass(net, edge.source, outcome)}
            assert is_fed or all(edge.source in zero for edge in arrivals), (node, port)
    assert net.redraws.left == 0
    assert net.redraws.samples == 30
    assert net.redraws.redrawn > 0


def can_pass(net: Supernet, name: str, outcome: Outcome) -> bool:
    """Return True where a node can have a value other than zero, whatever the edges choose."""
    node = net.wiring.nodes[name]
    chosen = None if node.choice is None else outcome[node.choice.name]
    if chosen == "zero":
        return False
    is_identity = chosen == "identity" or (node.operation is not None and node.operation.name == "identity")
    if node.is_input or not is_identity or node.then:
        return True
    return any(
        can_pass(net, edge.source, outcome) for port in node.ports for edge in net.wiring.arrivals[name, port]
    )


@pytest.mark.parametrize("relaxation", ONE_HOT, ids=name_of)
def test_the_same_generator_gives_the_same_samples(relaxation: Relaxation) -> None:
    net = supernet(bimodal())
    for seed in range(10):
        first, second = (net.sample(relaxation, generator=seeded(seed)) for _ in range(2))
        assert all(torch.equal(first[key].weights, second[key].weights) for key in first)
    assert net.redraws.redrawn > 0


@pytest.mark.parametrize("relaxation", SOFT, ids=name_of)
def test_soft_samples_are_left_as_they_are(relaxation: Relaxation) -> None:
    net = supernet(bimodal())
    ours = net.sample(relaxation, generator=seeded(0))
    theirs = net.logits.sample(relaxation, generator=seeded(0))
    assert all(torch.equal(ours[key].weights, theirs[key].weights) for key in theirs)
    assert net.redraws.record() == {}


class Counting(StraightThroughGumbelSoftmax):
    """A relaxation that counts its calls."""

    calls = 0

    def sample(self, *arguments: Any, **named: Any) -> Sample:
        type(self).calls += 1
        return super().sample(*arguments, **named)


@pytest.mark.parametrize(
    ("how", "space"),
    [("allow", lambda: bimodal()), ("redraw", lambda: bimodal(ports="choose", nodes=1))],
    ids=["allowed", "no such port"],
)
def test_where_nothing_is_to_fill_samples_have_the_same_bits_for_the_same_calls(how: str, space: Any) -> None:
    net = supernet(space(), how)
    Counting.calls = 0
    for seed in range(20):
        ours = net.sample(Counting(), generator=seeded(seed))
        theirs = net.logits.sample(StraightThroughGumbelSoftmax(), generator=seeded(seed))
        assert all(torch.equal(ours[key].weights, theirs[key].weights) for key in theirs)
    assert Counting.calls == 20 * len(net.logits.tables)
    assert net.redraws.samples == 0


def test_only_choices_of_empty_ports_are_drawn_again() -> None:
    net = supernet(bimodal())
    changed = 0
    for seed in range(40):
        before = outcome_of(net, net.logits.sample(StraightThroughGumbelSoftmax(), generator=seeded(seed)))
        after = outcome_of(net, net.sample(StraightThroughGumbelSoftmax(), generator=seeded(seed)))
        empty = {port for port, is_fed in fed(net, before).items() if not is_fed}
        feeding = {
            edge.choice.name
            for port in empty
            for edge in net.wiring.arrivals[port]
            if edge.choice is not None
        }
        different = {name for name in before if before[name] != after[name]}
        assert different <= feeding
        changed += bool(different)
    assert changed > 10


def test_the_gradient_of_a_redrawn_row_is_that_of_its_outcome() -> None:
    # exact Gumbel-Rao: the Jacobian is a function of the outcome alone, here as without redraws
    net, relaxation = supernet(bimodal()), GumbelRaoMonteCarlo(samples="exact", temperature=0.5)
    for seed in range(5):
        samples = net.sample(relaxation, generator=seeded(seed))
        for key, sample in samples.items():
            theta = net.logits.values[key]
            direction = torch.randn(sample.weights.shape, generator=seeded(9))
            (found,) = torch.autograd.grad(sample.weights, theta, direction)
            winner = sample.weights.argmax(-1, keepdim=True)
            jacobian = exact_jacobian(theta.detach().double().log_softmax(-1), winner, 0.5)
            wanted = torch.einsum("rij,ri->rj", jacobian, direction.double())
            torch.testing.assert_close(found.double(), wanted, rtol=1e-4, atol=1e-5)
    assert net.redraws.redrawn > 0


def test_a_port_that_is_never_filled_stays_empty_after_a_bounded_number_of_draws() -> None:
    net = supernet(bimodal(cells=1, nodes=1))
    table, _ = net.logits.place["a->cell1"]
    with torch.no_grad():
        net.logits.values[table.key][:, table.candidates.index("zero")] = 60.0
    Counting.calls = 0
    ours = net.sample(Counting(), generator=seeded(0))
    theirs = net.logits.sample(StraightThroughGumbelSoftmax(), generator=seeded(0))
    assert torch.equal(ours[table.key].weights, theirs[table.key].weights)
    assert Counting.calls < 40
    assert net.redraws.record() == {"empty_ports": {"redrawn": 1.0, "left": 1.0}}
    net.redraws.forget()
    assert net.redraws.record() == {}


def test_as_many_draws_are_made_as_the_bound_says() -> None:
    numbers = [empty_ports._FIRST * 2**call for call in range(8)]
    assert sum(numbers) == empty_ports.MOST


def test_rows_that_feed_an_empty_port_are_told_for_any_outcome() -> None:
    net = supernet(two_nodes())
    places = {name: (table.key, row) for name, (table, row) in net.logits.place.items()}
    for outcome in outcomes(net):
        winners = {table.key: [0] * len(table.rows) for table in net.logits.tables}
        for name, (key, row) in places.items():
            winners[key][row] = net.space.choices[name].candidates.index(outcome[name])
        told = {(key, row) for key, rows in net.redraws.rows(winners).items() for row in rows}
        # a source that passes on an empty port counts by whether it could be there
        wanted = {
            places[edge.choice.name]
            for port in fed(net, outcome)
            for edge in net.wiring.arrivals[port]
            if edge.choice is not None
            and not any(
                outcome[other.choice.name] != "zero" and can_pass(net, other.source, outcome)
                for other in net.wiring.arrivals[port]
                if other.choice is not None
            )
            and any(can_pass(net, other.source, outcome) for other in net.wiring.arrivals[port])
        }
        assert told == wanted


class Scaled(Operation):
    """x divided by its norm, an operation of another package, with the fault of a layer norm at zero."""

    arity = 1

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)

    def forward(self, x: Tensor) -> Tensor:
        return x / (x.square().sum((-1, -2), keepdim=True) + 1e-10).sqrt()


class Nothing(Operation):
    """Stands for nothing, under a name of its own."""

    arity, removes = 1, True

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)


class Foreign:
    @hookimpl
    def register_operations(self) -> dict[str, Any]:
        return {"scaled": Scaled, "nothing": Nothing}


def foreign_space() -> SearchSpace:
    space = SearchSpace("of another package")
    space.add_node("sum", "scaled", ports=("in",))
    for name in ("left", "right"):
        space.add_input(name, (2, 3))
        choice = Choice(name, ("nothing", "scaled", "identity"), "mine")
        space.connect(name, "sum", "in", choice=choice)
    space.set_output("sum")
    return space


def largest_slope(how: str, random: torch.Generator) -> float:
    net = supernet(foreign_space(), how, spread=0.0)
    inputs = {name: torch.randn(4, 2, 3, generator=seeded(5)) for name in ("left", "right")}
    largest = 0.0
    for _ in range(40):
        net.zero_grad()
        samples = net.sample(StraightThroughGumbelSoftmax(temperature=0.5), generator=random)
        net(inputs, samples)[:, 0].sum().backward()
        (logits,) = net.architecture_parameters()
        largest = max(largest, float(logits.grad.abs().max()))  # type: ignore[union-attr]
    return largest


def test_a_space_of_another_package_has_no_gradient_at_a_singular_point(plugins: PluginManager) -> None:
    plugins.register(Foreign(), "foreign")
    assert largest_slope("allow", seeded(0)) > 1e3
    assert largest_slope("redraw", seeded(0)) < 10


def test_an_operation_on_an_edge_that_stands_for_nothing_leaves_a_port_empty(plugins: PluginManager) -> None:
    plugins.register(Foreign(), "foreign")
    net, random = supernet(foreign_space()), seeded(0)
    for _ in range(60):
        outcome = outcome_of(net, net.sample(StraightThroughGumbelSoftmax(), generator=random))
        assert set(outcome.values()) != {"nothing"}
    assert net.redraws.redrawn > 0


def test_ports_with_a_fixed_source_are_never_drawn_again() -> None:
    space = SearchSpace("with a residual")
    space.add_node("out", OpSpec("layer_norm"), ports=("x",))
    for name in ("a", "b"):
        space.add_input(name, (2, 3))
    space.connect("a", "out")
    space.connect("b", "out", choice=Choice("b", EDGE, "beta"))
    space.set_output("out")
    assert not Supernet(space).redraws
