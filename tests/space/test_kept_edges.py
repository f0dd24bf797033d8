"""A port that keeps a number of its edges: its architectures, their validation, derivation and sampling."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest
import torch

from nasframe import Architecture, Choice, SearchSpace, Supernet, build, derive
from nasframe.errors import ArchitectureError, SpaceError
from nasframe.network import inherit

OPERATIONS = ("zero", "identity", "layer_norm")


def sums(sources: int, keep: int, candidates: tuple[str, ...] = OPERATIONS) -> SearchSpace:
    """A sum of some of the inputs, each as it is or normalised."""
    space = SearchSpace("sum")
    space.add_node("sum", "identity")
    for index in range(sources):
        name = space.add_input(f"i{index}", (2, 3))
        space.connect(name, "sum", choice=Choice(f"e{index}", candidates, "alpha"))
    space.keep_edges("sum", "x", keep)
    space.set_output("sum")
    return space


@pytest.mark.parametrize(("sources", "keep"), [(1, 1), (3, 1), (3, 2), (4, 2), (4, 4)])
def test_an_architecture_keeps_exactly_so_many_edges(sources: int, keep: int) -> None:
    space = sums(sources, keep)
    found = [tuple(item.items()) for item in space.enumerate()]
    expected = {
        tuple(zip(space.choices, values, strict=True))
        for values in itertools.product(OPERATIONS, repeat=sources)
        if sum(value != "zero" for value in values) == keep
    }
    assert set(found) == expected
    assert space.count() == len(found) == len(expected) == math.comb(sources, keep) * 2**keep


def test_sampling_is_uniform_over_them() -> None:
    space = sums(3, 2)
    draws = Counter(tuple(sorted(space.sample(seed).items())) for seed in range(2400))
    assert len(draws) == 12
    # chi-square with 12 cells: mean k, standard deviation sqrt(2k)
    assert sum((count - 200) ** 2 / 200 for count in draws.values()) < 12 + 4 * 24**0.5


def test_edges_that_are_left_out_are_zero_and_other_numbers_are_refused_in_words() -> None:
    space = sums(3, 2)
    assert space.validate({"e0": "identity", "e2": "layer_norm"}) == {
        "e0": "identity",
        "e1": "zero",
        "e2": "layer_norm",
    }
    with pytest.raises(ArchitectureError, match=r"sum.x: keeps exactly 2 of its edges, found 1 \(e1\)"):
        space.validate({"e1": "identity"})
    with pytest.raises(ArchitectureError, match=r"found 3 \(e0, e1, e2\)"):
        space.validate(dict.fromkeys(("e0", "e1", "e2"), "identity"))
    with pytest.raises(ArchitectureError, match="found 0 .none."):
        space.validate({})


def test_argmax_keeps_the_set_with_the_largest_product() -> None:
    rows = [(0.8, 0.15, 0.05), (0.1, 0.5, 0.4), (0.9, 0.01, 0.09), (0.98, 0.01, 0.01)]
    probabilities = {f"e{index}": dict(zip(OPERATIONS, row, strict=True)) for index, row in enumerate(rows)}
    found = derive(sums(4, 2), probabilities).assignment
    assert found == {"e0": "identity", "e1": "identity", "e2": "zero", "e3": "zero"}


def test_the_supernet_adds_all_edges_and_under_one_hot_weights_those_that_are_kept() -> None:
    space = sums(3, 2)
    net = Supernet(space).double().eval()
    inputs = {f"i{index}": torch.randn(4, 2, 3, dtype=torch.float64) for index in range(3)}
    for assignment in space.enumerate():
        network = build(Architecture(space, assignment)).double().eval()
        assert inherit(network, net.state_dict()) == []
        torch.testing.assert_close(net(inputs, net.logits.one_hot(assignment)), network(inputs))


def test_of_removed_sources_no_edge_is_kept() -> None:
    space = SearchSpace("removed")
    space.add_input("i", (2, 3))
    space.add_node("n", choice=Choice("n", ("zero", "identity"), "gamma"))
    space.connect("i", "n")
    space.add_node("sum", "identity")
    for name in ("i", "n"):
        space.connect(name, "sum", choice=Choice(f"{name}->sum", ("zero", "identity"), "alpha"))
    space.keep_edges("sum", "x", 2)
    space.set_output("sum")
    assert list(space.enumerate()) == [
        {"n": "zero", "i->sum": "identity"},
        {"n": "identity", "i->sum": "identity", "n->sum": "identity"},
    ]


def test_tied_cells_keep_the_same_edges() -> None:
    cell = sums(3, 2)
    space = SearchSpace("tied")
    space.add_input("x", (2, 3))
    last = "x"
    for index in range(3):
        name = space.add_cell(f"cell{index}", cell, tied="cell")
        for port in ("i0", "i1", "i2"):
            space.connect(last, name, port)
        last = name
    space.set_output(last)
    assert space.count() == cell.count() == 12
    for assignment in space.enumerate():
        assert space.validate(assignment) == assignment


def test_the_port_of_a_cell_can_keep_edges_too() -> None:
    cell = SearchSpace("cell")
    cell.add_input("x")
    cell.add_node("out", "layer_norm")
    cell.connect("x", "out")
    cell.set_output("out")
    space = SearchSpace("outer")
    space.add_cell("cell", cell)
    for index in range(3):
        name = space.add_input(f"i{index}", (2, 3))
        space.connect(name, "cell", choice=Choice(name, ("zero", "identity"), "alpha"))
    space.keep_edges("cell", "x", 2)
    space.set_output("cell")
    assert space.count() == 3
    with pytest.raises(ArchitectureError, match="cell/x.in: keeps exactly 2 of its edges, found 1"):
        space.validate({"i0": "identity"})


@pytest.mark.parametrize("keep", [0, 4, True, 1.0])
def test_a_number_that_is_not_one_of_its_edges_is_refused_in_words(keep: int) -> None:
    with pytest.raises(SpaceError, match=rf"sum: port 'x' keeps {keep!r} of its edges, and 3 end there"):
        sums(3, keep).check()


@pytest.mark.parametrize("candidates", [("zero",), ("identity", "layer_norm")])
def test_an_edge_that_cannot_be_dropped_or_kept_is_refused_in_words(candidates: tuple[str, ...]) -> None:
    with pytest.raises(SpaceError, match=r"edge from i0\): an edge of which 1 are kept chooses between zero"):
        sums(2, 1, candidates).check()


def test_two_edges_with_one_choice_are_refused_in_words() -> None:
    space = SearchSpace("sum")
    space.add_node("sum", "identity")
    for index in range(2):
        space.connect(space.add_input(f"i{index}", (2, 3)), "sum", choice=Choice("e", OPERATIONS, "alpha"))
    space.keep_edges("sum", "x", 1)
    space.set_output("sum")
    with pytest.raises(SpaceError, match="keeps 1 of its edges, and two of these have one choice"):
        space.check()


def test_a_port_with_a_choice_of_its_source_keeps_no_number_of_edges() -> None:
    space = sums(3, 2)
    space.choose_source("sum", "x", "source", "alpha")
    with pytest.raises(SpaceError, match="keeps 2 of its edges, and has another decision about its sources"):
        space.check()


def test_more_ways_than_a_search_could_rank_are_refused_in_words() -> None:
    with pytest.raises(SpaceError, match="more than 20,000 ways to keep 15 edges of port 'x'"):
        sums(15, 15).check()
