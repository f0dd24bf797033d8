"""The key of a network: equal for isomorphic ones alone, against networkx and counts by hand."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Mapping

import networkx as nx
import pytest

from nasframe import Architecture, OpSpec, SearchSpace
from nasframe.space import network_key
from nasframe.space.network_keys import _Canonical, _Part
from nasframe_bimodal.space import Bimodal

SHAPE = (4, 8)
INPUTS = dict.fromkeys("abc", SHAPE)


def keys_of(space: SearchSpace) -> Counter[str]:
    """The key of every architecture, with the number of architectures that have it."""
    return Counter(network_key(Architecture(space, item)) for item in space.enumerate())


def bimodal(**options: object) -> SearchSpace:
    chosen = {"channels": 4, "cells": 1, "nodes": 2, "dropout": 0.0, **options}
    return Bimodal(**chosen).build(INPUTS, 2)  # type: ignore[arg-type]


def fused(operation: str, x: str, y: str) -> str:
    """The key of one operation on two inputs."""
    space = SearchSpace("fused")
    for name in sorted({x, y}):
        space.add_input(name, SHAPE)
    space.add_node("out", operation, ports=("x", "y"))
    space.connect(x, "out", "x")
    space.connect(y, "out", "y")
    space.set_output("out")
    return network_key(Architecture(space, {}))


def test_the_names_of_nodes_do_not_matter_and_those_of_inputs_do() -> None:
    def made(node: str, source: str) -> str:
        space = SearchSpace(node)
        space.add_input(source, SHAPE)
        space.add_node(node, OpSpec("projection", {"channels": 4}))
        space.connect(source, node)
        space.set_output(node)
        return network_key(Architecture(space, {}))

    assert made("here", "a") == made("there", "a")
    assert made("here", "a") != made("here", "b")


def test_ports_may_be_exchanged_where_the_operation_says_so() -> None:
    for operation in ("sum", "concat_fc"):
        assert fused(operation, "a", "b") == fused(operation, "b", "a")
    for operation in ("attention", "linear_glu"):
        assert fused(operation, "a", "b") != fused(operation, "b", "a")


def test_options_of_an_operation_matter() -> None:
    def made(channels: int) -> str:
        space = SearchSpace("one")
        space.add_input("a", SHAPE)
        space.add_node("out", OpSpec("projection", {"channels": channels}))
        space.connect("a", "out")
        space.set_output("out")
        return network_key(Architecture(space, {}))

    assert made(4) != made(5)


def test_what_passes_its_input_on_is_no_part_and_a_sum_of_sums_is_one_sum() -> None:
    def made(between: bool) -> str:
        space = SearchSpace("sums")
        for name in "abc":
            space.add_input(name, SHAPE)
        target = "out"
        space.add_node("out", "projection")
        if between:
            space.add_node("inner", "identity")
            space.add_node("pass", "identity")
            space.connect("inner", "pass")
            space.connect("pass", "out")
            target = "inner"
        for name in "abc":
            space.connect(name, "out" if name == "c" else target)
        space.set_output("out")
        return network_key(Architecture(space, {}))

    assert made(True) == made(False)


def test_an_operation_used_twice_is_not_two_operations() -> None:
    def made(twice: bool) -> str:
        space = SearchSpace("twice")
        space.add_input("a", SHAPE)
        for name in ("first", "second"):
            space.add_node(name, OpSpec("projection", {"channels": 8}))
            space.connect("a", name)
        space.add_node("out", "attention", ports=("x", "y"))
        space.connect("first", "out", "x")
        space.connect("second" if twice else "first", "out", "y")
        space.set_output("out")
        return network_key(Architecture(space, {}))

    assert made(True) != made(False)


def test_two_ways_to_choose_sources_derive_networks_with_one_key() -> None:
    few: dict[str, object] = {"nodes": 1, "operations": ("zero", "sum", "attention")}
    shared, exact = keys_of(bimodal(ports="shared", **few)), keys_of(bimodal(ports="choose", **few))
    assert set(shared) < set(exact)  # `choose` may also give both ports one source
    paired = keys_of(bimodal(ports="paired", nodes=1, operations=("zero", "sum")))
    assert set(keys_of(bimodal(ports="choose", nodes=1, operations=("zero", "sum")))) < set(paired)


def test_cells_that_change_places_are_one_network() -> None:
    space = bimodal(cells=2, nodes=1, operations=("zero", "sum", "attention"), ports="choose")

    def cell(number: int, x: str, y: str, operation: str) -> Mapping[str, str]:
        name = f"cell{number}"
        return {
            f"{name}.x": x,
            f"{name}.y": y,
            f"{name}/N1": operation,
            f"{name}/N1.x": "x",
            f"{name}/N1.y": "y",
        }

    first = {**cell(1, "a", "b", "sum"), **cell(2, "b", "c", "attention")}
    second = {**cell(1, "b", "c", "attention"), **cell(2, "a", "b", "sum")}
    assert network_key(Architecture(space, first)) == network_key(Architecture(space, second))
    other = {**cell(1, "b", "c", "attention"), **cell(2, "a", "b", "attention")}
    assert network_key(Architecture(space, first)) != network_key(Architecture(space, other))


def test_the_count_of_a_small_space_is_the_one_found_by_hand() -> None:
    # Pairs of sources: 3 · 3 for x and y of the cell. Without the node y is not used: 3 networks.
    # With it: sum of {x, y} in any order: x+x, x+y, y+y; and the cell's own x is added.
    space = bimodal(nodes=1, operations=("zero", "sum"), ports="choose")
    without = {("a",), ("b",), ("c",)}
    with_node = {
        (x, tuple(sorted(pair)))
        for x, y in itertools.product("abc", repeat=2)
        for pair in ((x, x), (x, y), (y, y))
    }
    assert len(keys_of(space)) == len(without) + len(with_node)


def random_parts(source: random.Random, size: int) -> list[_Part]:
    parts: list[_Part] = []
    for _ in range(size):
        taken = [source.choice(parts) for _ in range(source.randrange(3))] if parts else []
        parts.append(_Part(source.choice("pq"), taken))
    return parts


def as_graph(parts: list[_Part]) -> nx.MultiDiGraph[int]:
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    for part in parts:
        graph.add_node(id(part), label=part.label)
    for part in parts:
        graph.add_edges_from((id(item), id(part)) for item in part.takes)
    return graph


@pytest.mark.parametrize("seed", range(3))
def test_certificates_agree_exactly_where_networkx_finds_an_isomorphism(seed: int) -> None:
    source = random.Random(seed)
    made = [random_parts(source, 4) for _ in range(60)]
    graphs = [as_graph(item) for item in made]
    certificates = [_Canonical(item).certificate() for item in made]
    agree = 0
    for first, second in itertools.combinations(range(len(made)), 2):
        expected = nx.is_isomorphic(
            graphs[first], graphs[second], node_match=lambda one, other: one["label"] == other["label"]
        )
        assert (certificates[first] == certificates[second]) == expected
        agree += expected
    assert agree > 3  # both answers occur


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_the_parts_does_not_matter(seed: int) -> None:
    source = random.Random(100 + seed)
    parts = random_parts(source, 40)
    again = parts.copy()
    source.shuffle(again)
    assert _Canonical(parts).certificate() == _Canonical(again).certificate()


def test_many_equal_parts_take_no_exponential_time() -> None:
    parts = [_Part("input")]
    for _ in range(20):  # 2²⁰ ways to tell the pairs apart
        pair = [_Part("twin", [parts[-1]]), _Part("twin", [parts[-1]])]
        parts += [*pair, _Part("sum", pair)]
    assert len(_Canonical(parts).certificate()) == len(parts)


def test_an_option_that_is_left_out_and_its_default_written_out_give_two_keys() -> None:
    def key(operation: OpSpec | str) -> str:
        space = SearchSpace("one")
        space.add_input("a", SHAPE)
        space.add_node("out", operation)
        space.connect("a", "out")
        space.set_output("out")
        return network_key(Architecture(space, {}))

    assert key("dropout") != key(OpSpec("dropout", {"rate": 0.2}))
    assert key(OpSpec("dropout", {"rate": 0.2})) == key(OpSpec("dropout", {"rate": 0.2}))
