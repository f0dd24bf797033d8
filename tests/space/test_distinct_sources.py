"""One choice of distinct sources for several ports: its architectures, supernet, derivation, and errors."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest
import torch

from nasframe import Architecture, Choice, SearchSpace, Supernet, build, derive, network_key
from nasframe.errors import ArchitectureError, SpaceError
from nasframe.network import inherit
from nasframe.relaxations import GumbelRaoMonteCarlo, Sample, Softmax
from nasframe.supernet import expected_parameters

OPERATIONS = ("zero", "sum", "attention", "concat_fc")


def fusion(sources: int, nodes: int = 2, operations: tuple[str, ...] = OPERATIONS) -> SearchSpace:
    """A chain of nodes; each may choose zero, and chooses two among the inputs and the nodes before it."""
    space = SearchSpace("fusion")
    names = [space.add_input(f"i{number}", (4, 6)) for number in range(sources)]
    for number in range(nodes):
        candidates = operations if number < nodes - 1 else operations[1:]
        node = space.add_node(
            f"n{number}",
            choice=Choice(f"n{number}", candidates, "gamma"),
            then=["layer_norm"],
            ports=("x", "y"),
        )
        space.choose_sources(node, ("x", "y"), names, f"{node}.sources", "beta")
        names.append(node)
    space.set_output(names[-1])
    return space


def inputs(space: SearchSpace, batch: int = 3) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    return {name: torch.randn(batch, *(shape or ())) for name, shape in space.inputs.items()}


def test_the_candidates_are_the_unordered_sets_of_distinct_sources() -> None:
    space = fusion(4, nodes=1)
    pairs = [f"i{a} & i{b}" for a, b in itertools.combinations(range(4), 2)]
    assert list(space.choices["n0.sources"].candidates) == pairs
    assert space.count() == len(pairs) * 3


@pytest.mark.parametrize(("sources", "nodes"), [(2, 1), (2, 3), (3, 2), (4, 2)])
def test_count_and_enumeration_agree_and_no_architecture_takes_a_source_twice_or_a_removed_one(
    sources: int, nodes: int
) -> None:
    space = fusion(sources, nodes)
    found = [Architecture(space, item) for item in space.enumerate()]
    assert space.count() == len(found) == len({item.fingerprint for item in found})
    for architecture in found:
        resolved = architecture.resolved
        for node, ports in resolved.arrivals.items():
            if node.startswith("n"):
                taken = [arrival.source for arrivals in ports.values() for arrival in arrivals]
                assert len(taken) == len(set(taken)) == 2
                assert all(source in resolved.operations for source in taken)


def test_the_count_is_that_of_the_closed_form() -> None:
    def ways(nodes: int, sources: int) -> int:
        if nodes == 1:
            return 3 * math.comb(sources, 2)
        return ways(nodes - 1, sources) + 3 * math.comb(sources, 2) * ways(nodes - 1, sources + 1)

    assert fusion(5, 3).count() == ways(3, 5)


def test_sampling_is_uniform_over_the_architectures() -> None:
    space = fusion(3, 2, ("zero", "sum"))
    number = space.count()
    draws = Counter(tuple(sorted(space.sample(seed).items())) for seed in range(200 * number))
    assert len(draws) == number
    # chi-square with `number` cells: mean k, standard deviation sqrt(2k)
    assert sum((count - 200) ** 2 / 200 for count in draws.values()) < number + 4 * (2 * number) ** 0.5


def test_the_supernet_under_every_architecture_equals_the_built_network() -> None:
    space = fusion(3, 2)
    supernet, given = Supernet(space).eval(), inputs(space)
    for item in space.enumerate():
        network = build(Architecture(space, item)).eval()
        inherit(network, supernet.state_dict())
        assert torch.equal(supernet(given, supernet.logits.one_hot(item)), network(given))


def test_one_hot_and_soft_passes_have_the_same_value_and_the_same_gradient() -> None:
    space = fusion(4, 3)
    supernet, given = Supernet(space).eval(), inputs(space)
    for seed in range(20):
        one_hot = supernet.logits.one_hot(space.sample(seed))
        gradients, outputs = [], []
        for flag in (False, True):
            weights = {
                key: Sample(item.weights.clone().requires_grad_(), one_hot=flag)
                for key, item in one_hot.items()
            }
            output = supernet(given, weights)
            leaves = [item.weights for item in weights.values()]
            outputs.append(output)
            gradients.append(torch.autograd.grad(output.square().sum(), leaves, materialize_grads=True))
        torch.testing.assert_close(*outputs)
        for soft, hard in zip(*gradients, strict=True):
            torch.testing.assert_close(soft, hard, rtol=1e-4, atol=1e-4)


def test_a_port_receives_the_sum_of_its_sources_by_the_probability_of_their_sets() -> None:
    space = SearchSpace("pair")
    for name in "abc":
        space.add_input(name, (2, 3))
    space.add_node("pair", "concat", ports=("x", "y"))
    space.choose_sources("pair", ("x", "y"), ["a", "b", "c"], "pair.sources", "alpha")
    space.set_output("pair")
    supernet, given = Supernet(space), inputs(space)
    weights = torch.tensor([[0.5, 0.3, 0.2]])  # a & b, a & c, b & c
    found = supernet(given, {"alpha": Sample(weights, one_hot=False)})
    x = 0.8 * given["a"] + 0.2 * given["b"]
    y = 0.5 * given["b"] + 0.5 * given["c"]
    torch.testing.assert_close(found, torch.cat([x, y], dim=-1))


@pytest.mark.parametrize("relaxation", [Softmax(), GumbelRaoMonteCarlo(samples=4, temperature=1.0)])
def test_every_set_gets_a_gradient(relaxation: Softmax | GumbelRaoMonteCarlo) -> None:
    supernet = Supernet(fusion(4, 1))
    samples = supernet.logits.sample(relaxation, generator=torch.Generator().manual_seed(0))
    output = supernet(inputs(supernet.space), samples)
    (output * torch.randn(output.shape)).sum().backward()
    sets = supernet.logits.values["beta"]
    assert sets.shape == (1, 6)
    assert sets.grad is not None
    assert (sets.grad != 0).all()


def test_derivation_takes_the_most_probable_set_whose_sources_are_there() -> None:
    space = fusion(2, 2)
    choices = {name: dict.fromkeys(choice.candidates, 0.1) for name, choice in space.choices.items()}
    choices["n0"]["zero"] = 0.9
    choices["n1.sources"]["i1 & n0"] = 0.9
    choices["n1.sources"]["i0 & i1"] = 0.2
    assert derive(space, choices).assignment == {"n0": "zero", "n1": "sum", "n1.sources": "i0 & i1"}


def test_the_sources_of_a_cell_can_be_chosen_together() -> None:
    cell = SearchSpace("cell")
    for name in ("x", "y"):
        cell.add_input(name)
    cell.add_node("fused", "attention", ports=("x", "y"))
    for name in ("x", "y"):
        cell.connect(name, "fused", name)
    cell.set_output("fused")
    space = SearchSpace("outer")
    names = [space.add_input(name, (4, 6)) for name in "abc"]
    space.add_cell("cell1", cell)
    space.choose_sources("cell1", ("x", "y"), names, "cell1.sources", "alpha")
    space.set_output("cell1")
    assert [item["cell1.sources"] for item in space.enumerate()] == ["a & b", "a & c", "b & c"]
    found = Architecture(space, {"cell1.sources": "a & c"})
    arrived = [found.resolved.arrivals[f"cell1/{port}"]["in"][0].source for port in "xy"]
    assert arrived == ["a", "c"]


def test_a_set_derives_the_network_of_the_same_sources_chosen_port_by_port() -> None:
    space = fusion(3, 1)
    other = SearchSpace("by port")
    names = [other.add_input(f"i{number}", (4, 6)) for number in range(3)]
    choice = Choice("n0", OPERATIONS[1:], "gamma")
    other.add_node("n0", choice=choice, then=["layer_norm"], ports=("x", "y"))
    for port in ("x", "y"):
        for name in names:
            other.connect(name, "n0", port)
        other.choose_source("n0", port, port, "beta")
    other.set_output("n0")
    left = Architecture(space, {"n0": "attention", "n0.sources": "i0 & i2"})
    right = Architecture(other, {"n0": "attention", "x": "i0", "y": "i2"})
    assert network_key(left) == network_key(right)


def test_the_expected_size_of_a_decided_architecture_is_that_of_its_network() -> None:
    space = SearchSpace("projected")
    for name in "abc":
        space.add_input(name, (4, 6), "layer_norm")
    space.add_node("fused", "concat_fc", ports=("x", "y"))
    space.choose_sources("fused", ("x", "y"), ["a", "b", "c"], "fused.sources", "alpha")
    space.set_output("fused")
    supernet = Supernet(space)
    for item in space.enumerate():
        size = sum(parameter.numel() for parameter in build(Architecture(space, item)).parameters())
        assert float(expected_parameters(supernet, supernet.logits.one_hot(item))) == size


def test_a_wrong_set_is_refused_with_the_valid_ones() -> None:
    space = fusion(3, 1)
    with pytest.raises(ArchitectureError, match=r"n0.sources: unknown candidate 'i1 & i0'.*'i0 & i1'"):
        space.validate({"n0": "sum", "n0.sources": "i1 & i0"})
    with pytest.raises(ArchitectureError, match=r"n0.sources: is missing; valid: i0 & i1, i0 & i2, i1 & i2"):
        space.validate({"n0": "sum"})


def test_a_set_with_a_removed_node_is_refused() -> None:
    with pytest.raises(ArchitectureError, match=r"n1.sources: 'i0 & n0' was removed.*valid here: i0 & i1"):
        fusion(2, 2).validate({"n0": "zero", "n1": "sum", "n1.sources": "i0 & n0"})


@pytest.mark.parametrize(
    ("sources", "ports", "words"),
    [
        (["a"], ["x", "y"], "expected a source for each of at least one port, found 1 for 2"),
        (["a", "b"], [], "expected a source for each of at least one port, found 2 for 0"),
        (["a", "a"], ["x", "y"], "names a source twice"),
        (["a", "b"], ["x", "x"], "names a port twice"),
        (["a", "q"], ["x", "y"], "unknown node 'q'"),
    ],
)
def test_too_few_and_repeated_and_unknown_names_are_refused_in_words(
    sources: list[str], ports: list[str], words: str
) -> None:
    space = SearchSpace("bad")
    for name in "ab":
        space.add_input(name, (2, 3))
    space.add_node("pair", "concat", ports=("x", "y"))
    with pytest.raises(SpaceError, match=words):
        space.choose_sources("pair", ports, sources, "pair.sources", "alpha")


def test_more_sets_than_a_decision_can_hold_are_refused_with_their_number() -> None:
    space = SearchSpace("wide")
    names = [space.add_input(f"i{number}", (2, 3)) for number in range(60)]
    space.add_node("wide", "concat", ports=("x", "y", "z"))
    with pytest.raises(SpaceError, match="there are 34,220 sets of 3 of 60 sources, more than 20,000"):
        space.choose_sources("wide", ("x", "y", "z"), names, "wide.sources", "alpha")


def test_a_port_with_two_choices_among_its_sources_is_refused() -> None:
    space = SearchSpace("twice")
    for name in "abc":
        space.add_input(name, (2, 3))
    space.add_node("pair", "concat", ports=("x", "y"))
    space.choose_sources("pair", ("x", "y"), ["a", "b", "c"], "pair.sources", "alpha")
    space.choose_source("pair", "x", "again", "alpha")
    space.set_output("pair")
    with pytest.raises(SpaceError, match="pair: port 'x' has two choices among its sources"):
        space.check()
