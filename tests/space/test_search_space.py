"""Search spaces: the architectures they accept, and their number."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from nasframe import Architecture, Supernet, build
from nasframe.errors import ArchitectureError, ContractError, SpaceError
from nasframe.operations import OpSpec
from nasframe.space import Choice, SearchSpace, check_space
from nasframe.space.graph import Node
from nasframe_bimodal.space import Bimodal

EDGE = ("zero", "identity")


def chain(length: int, *, removable: bool = True) -> SearchSpace:
    """Nodes in a row; each also sees every earlier node through an edge that may be zero."""
    space = SearchSpace("chain")
    sources = [space.add_input("in", (2, 3))]
    candidates = ("zero", "identity") if removable else ("identity",)
    for index in range(length):
        name = space.add_node(f"n{index}", choice=Choice(f"n{index}", candidates, "gamma"), ports=("x",))
        for source in sources:
            space.connect(source, name, choice=Choice(f"{source}->{name}", EDGE, "beta"))
        sources.append(name)
    space.add_node("out", "concat")
    for name in sources:
        space.connect(name, "out", port=name)
    space.set_output("out")
    return space


def test_count_agrees_with_enumeration() -> None:
    for length in range(1, 4):
        space = chain(length)
        found = {tuple(sorted(item.items())) for item in space.enumerate()}
        assert space.count() == len(found) == len(list(space.enumerate()))


def test_every_enumerated_architecture_validates_and_is_complete() -> None:
    space = chain(3)
    for assignment in space.enumerate():
        assert space.validate(assignment) == assignment


def test_sampling_is_uniform_over_the_enumeration() -> None:
    space = chain(2)
    everything = {tuple(sorted(item.items())) for item in space.enumerate()}
    draws = Counter(tuple(sorted(space.sample(seed).items())) for seed in range(4000))
    assert set(draws) == everything
    expected = 4000 / len(everything)
    # chi-square with as many degrees of freedom as cells: mean k, standard deviation sqrt(2k)
    statistic = sum((count - expected) ** 2 / expected for count in draws.values())
    assert statistic < len(everything) + 4 * (2 * len(everything)) ** 0.5


def test_the_same_seed_samples_the_same_architecture() -> None:
    assert chain(4).sample(7) == chain(4).sample(7)


def test_counting_does_not_enumerate() -> None:
    # 12 nodes in a row: about 2**90 architectures
    assert chain(12, removable=False).count() == 2 ** (12 * 13 // 2)


def test_a_node_that_chose_zero_is_the_source_of_no_edge() -> None:
    space = chain(2)
    for assignment in space.enumerate():
        if assignment["n0"] == "zero":
            assert "n0->n1" not in assignment
            assert "in->n0" not in assignment


def test_left_out_edges_are_zero() -> None:
    full = chain(1).validate({"n0": "identity"})
    assert full == {"n0": "identity", "in->n0": "zero"}


def test_validation_lists_every_problem_with_near_names() -> None:
    with pytest.raises(ArchitectureError) as error:
        chain(2).validate({"n0": "identty", "n7": "zero"})
    assert "did you mean 'identity'" in str(error.value)
    assert "n7: unknown choice; did you mean" in str(error.value)


def test_a_choice_of_a_removed_node_is_refused() -> None:
    with pytest.raises(
        ArchitectureError, match="in->n0: is set to 'identity', but its node or edge was removed"
    ):
        chain(1).validate({"n0": "zero", "in->n0": "identity"})


def test_a_missing_choice_is_named() -> None:
    with pytest.raises(ArchitectureError, match="n0: is missing; valid: identity, zero"):
        chain(1).validate({})


def cell() -> SearchSpace:
    inner = SearchSpace("cell")
    inner.add_input("x")
    inner.add_node("n", choice=Choice("n", ("identity", "zero"), "gamma"), ports=("x",))
    inner.connect("x", "n")
    inner.add_node("sum", "concat")
    inner.connect("x", "sum", port="x")
    inner.connect("n", "sum", port="n")
    inner.set_output("sum")
    return inner


@pytest.mark.parametrize(("tied", "expected"), [(None, 4), ("cell", 2)])
def test_tied_cells_decide_once(tied: str | None, expected: int) -> None:
    space = SearchSpace("two")
    space.add_input("in", (2, 3))
    inner = cell()
    for name in ("a", "b"):
        space.add_cell(name, inner, tied=tied)
    space.connect("in", "a", port="x")
    space.connect("a", "b", port="x")
    space.set_output("b")
    assert space.count() == len(list(space.enumerate())) == expected
    assert set(space.choices) == ({"a/n", "b/n"} if tied is None else {"cell/n"})


def test_a_space_that_is_used_as_a_cell_cannot_change_any_more() -> None:
    inner = cell()
    space = SearchSpace("outer")
    space.add_input("in", (2, 3))
    space.add_cell("a", inner)
    with pytest.raises(SpaceError, match="is a cell of another one and cannot change any more"):
        inner.add_input("late")


def test_a_cell_that_contains_itself_is_a_cycle() -> None:
    space = SearchSpace("loop")
    space.add_input("x")
    space.graph.add_node("self", node=Node("self", cell=space, ports=("x",)))
    space.connect("x", "self", port="x")
    space.set_output("self")
    with pytest.raises(SpaceError, match="self: lies on a cycle: the cell contains itself"):
        space.check()


def test_the_output_must_not_choose_zero() -> None:
    space = SearchSpace("nothing")
    space.add_input("in", (2, 3))
    space.add_node("n", choice=Choice("n", ("zero", "identity"), "gamma"), ports=("x",))
    space.connect("in", "n")
    space.set_output("n")
    with pytest.raises(SpaceError, match="n: is the output, and must not choose zero"):
        space.check()


def test_cells_may_stand_inside_cells() -> None:
    outer = SearchSpace("outer")
    outer.add_input("x")
    outer.add_cell("inner", cell())
    outer.connect("x", "inner", port="x")
    outer.set_output("inner")
    space = SearchSpace("space")
    space.add_input("in", (2, 3))
    space.add_cell("c", outer)
    space.connect("in", "c", port="x")
    space.set_output("c")
    assert list(space.choices) == ["c/inner/n"]
    assert space.count() == 2


def broken(change: str) -> SearchSpace:
    """A small space with one mistake."""
    space = SearchSpace("broken")
    space.add_input("in", (2, 3))
    if change == "candidate":
        space.add_node("n", choice=Choice("n", ("atention", "zero"), "gamma"), ports=("x", "y"))
    elif change == "arity":
        space.add_node("n", choice=Choice("n", ("attention", "zero"), "gamma"), ports=("x",))
    else:
        space.add_node("n", "identity")
    space.connect("in", "n", port="x")
    if change == "candidate":
        space.connect("in", "n", port="y")
    if change == "cycle":
        space.add_node("m", "identity")
        space.connect("n", "m")
        space.connect("m", "n")
    if change == "port":
        space.connect("in", "n", port="z")
    if change == "unreachable":
        space.add_node("alone", "identity")
        space.set_output("alone")
    elif change != "output":
        space.set_output("n")
    return space


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("cycle", "lies on a cycle: .* → "),
        ("candidate", "unknown operation 'atention'; did you mean 'attention'"),
        ("arity", "operation 'attention' takes 2 inputs, there are 1"),
        ("port", "operation 'identity' takes 1 input, there are 2"),
        ("output", "has no output; call set_output"),
        ("unreachable", "the output cannot be reached from any input"),
    ],
)
def test_a_broken_space_is_refused_in_words(change: str, message: str) -> None:
    with pytest.raises(SpaceError, match=message):
        broken(change).check()


def test_everything_wrong_with_a_space_is_listed_at_once() -> None:
    space = SearchSpace("bad")
    space.add_input("in", (2, 3))
    space.add_node("a", "atention", ports=("x",))
    space.add_node("b", "linear_gl", ports=("x",))
    space.connect("in", "a")
    space.connect("in", "b")
    with pytest.raises(SpaceError) as error:
        space.check()
    assert all(part in str(error.value) for part in ("atention", "linear_gl", "has no output"))


def test_candidates_of_different_shapes_are_refused_with_their_shapes() -> None:
    from nasframe.network import infer_shapes

    space = SearchSpace("shapes")
    space.add_input("a", (2, 3))
    space.add_input("b", (4, 3))
    space.add_node("n", "identity")
    space.connect("a", "n")
    space.connect("b", "n")
    space.set_output("n")
    with pytest.raises(
        SpaceError, match=r"port 'x' of 'n': shapes must be equal, found a: \(2, 3\), b: \(4, 3\)"
    ):
        infer_shapes(space)


def test_two_choices_of_one_name_must_be_the_same_choice() -> None:
    space = SearchSpace("names")
    space.add_input("in", (2, 3))
    space.add_node("n", "identity")
    space.connect("in", "n", choice=Choice("e", EDGE, "alpha"))
    space.add_node("m", "identity")
    space.connect("n", "m", choice=Choice("e", EDGE, "beta"))
    space.set_output("m")
    with pytest.raises(SpaceError, match="e: two different choices have this name"):
        space.check()


def test_a_fixed_operation_keeps_its_options() -> None:
    space = SearchSpace("fixed")
    space.add_input("in", (2, 3), OpSpec("projection", {"channels": 5}))
    space.add_node("n", "identity")
    space.connect("in", "n")
    space.set_output("n")
    assert space.wiring.nodes["in"].operation == OpSpec("projection", {"channels": 5})


@pytest.mark.parametrize(
    "options", [{"cells": 10**6}, {"nodes": 10**12}, {"cells": 10**9, "ports": "choose"}]
)
def test_a_space_that_no_machine_could_search_is_refused_while_it_is_made(options: dict[str, Any]) -> None:
    with pytest.raises(SpaceError, match=r"has more than 5,000 nodes and edges, .* fewer cells or nodes"):
        Bimodal(**options).build({"a": (4, 8), "b": (4, 8)}, 1)


@pytest.mark.parametrize("channels", [10**6, 10**12])
def test_a_network_that_does_not_fit_into_memory_is_refused_before_it_is_made(channels: int) -> None:
    space = Bimodal(channels=channels, cells=1, nodes=1).build({"a": (4, 8), "b": (4, 8)}, 1)
    with pytest.raises(SpaceError, match=r"parameters take|cannot be built"):
        Supernet(space)
    with pytest.raises(SpaceError, match=r"parameters take|cannot be built"):
        build(Architecture(space, space.sample(random.Random(1))))


def test_a_number_that_fits_no_word_of_a_machine_is_refused_as_an_option() -> None:
    space = Bimodal(channels=10**30, cells=1, nodes=1).build({"a": (4, 8), "b": (4, 8)}, 1)
    with pytest.raises(SpaceError, match=r"option 'channels' must be int of at most 64 bits, found 10{30}"):
        Supernet(space)


def test_edges_with_options_are_compared_when_a_space_is_made_again() -> None:
    """An operation with options cannot be hashed, and the check of a factory compares edges."""

    def made(channels: int) -> SearchSpace:
        space = SearchSpace("projected")
        space.add_input("x", (2, 3))
        space.add_node("y", "identity")
        space.connect("x", "y", operation=OpSpec("projection", {"channels": channels}))
        space.set_output("y")
        return space

    check_space(made(4), made(4))
    with pytest.raises(ContractError, match="its edges changed when it was made again"):
        check_space(made(4), made(5))
