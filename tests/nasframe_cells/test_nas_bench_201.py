"""The space of NAS-Bench-201: its published numbers, its sizes, the inputs and operations that it takes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from nasframe import Architecture, OpSpec, build, cost_of
from nasframe.errors import SpaceError
from nasframe_cells.nas_bench_201 import NASBench201

IMAGE = {"image": (3, 32, 32)}
EDGES = ("0->1", "0->2", "1->2", "0->3", "1->3", "2->3")


def assignment(*operations: str) -> dict[str, str]:
    return {f"cell/{edge}": operation for edge, operation in zip(EDGES, operations, strict=True)}


def canonical(cell: Mapping[str, str]) -> str:
    """The canonical string of a cell, as the paper describes it: isomorphic cells have one string.

    A node is written as the sum of its edges in sorted order, an edge as its source and its operation. A skip
    connection is written as its source alone, and zero, or an edge from a node that is #, as #.
    """
    nodes = ["0"]
    for node in range(1, 4):
        edges = []
        for source, inner in enumerate(nodes):
            operation = cell[f"cell/{source}->{node}"]
            if operation == "zero" or inner == "#":
                edges.append("#")
            else:
                edges.append(inner if operation == "identity" else f"({inner})@{operation}")
        nodes.append("+".join(sorted(edges)))
    return nodes[-1]


def test_there_are_15625_cells_of_which_6466_are_unique() -> None:
    space = NASBench201().build(IMAGE, 10)
    found = list(space.enumerate())
    assert space.count() == len(found) == 15_625
    assert len({canonical(cell) for cell in found}) == 6_466


@pytest.mark.parametrize(
    ("operations", "parameters", "multiply_adds"),
    [
        # the largest cell, and the one with the best published accuracy on CIFAR-10 and on CIFAR-100
        (("nor_conv_3",) * 6, 1_531_546, 220_119_680),
        (
            ("nor_conv_3", "nor_conv_3", "nor_conv_3", "identity", "nor_conv_3", "nor_conv_3"),
            1_288_506,
            184_730_240,
        ),
    ],
)
def test_a_network_has_the_published_size(
    operations: tuple[str, ...], parameters: int, multiply_adds: int
) -> None:
    space = NASBench201().build(IMAGE, 10)
    cost = cost_of(Architecture(space, assignment(*operations)))
    assert (cost.parameters, cost.multiply_adds) == (parameters, multiply_adds)


@pytest.mark.parametrize(("nodes", "operations"), [(2, 5), (3, 3), (4, 2), (5, 2)])
def test_the_number_of_architectures_has_a_closed_form(nodes: int, operations: int) -> None:
    names = ("zero", "identity", "nor_conv_1", "nor_conv_3", "avg_pool_3")[:operations]
    space = NASBench201(nodes=nodes, operations=names, cells=2).build({"x": (1, 8)}, 2)
    assert space.count() == operations ** (nodes * (nodes - 1) // 2)


def test_all_cells_are_one_architecture() -> None:
    space = NASBench201(cells=2, stages=3).build(IMAGE, 10)
    assert len(space.choices) == 6
    assert [*space.wiring.cells] == [f"cell{index}" for index in range(1, 7)]


def test_every_stage_has_half_the_size_and_twice_the_channels_of_the_one_before() -> None:
    space = NASBench201(channels=4, cells=1, stages=3).build({"x": (2, 9)}, 3)
    network = build(Architecture(space, assignment(*["avg_pool_3"] * 6)), seed=0)
    found: dict[str, tuple[int, ...]] = {}
    for name in ("stem", "reduction1", "reduction2", "head"):
        network.nodes[name].fixed.register_forward_hook(  # type: ignore[union-attr]
            lambda _, __, output, name=name: found.update({name: tuple(output.shape[1:])})
        )
    network({"x": torch.randn(2, 2, 9)})
    assert found == {"stem": (4, 9), "reduction1": (8, 5), "reduction2": (16, 3), "head": (3,)}


def test_a_cell_without_any_edge_gives_a_constant() -> None:
    space = NASBench201(channels=2, cells=1, stages=1).build({"x": (2, 9)}, 3)
    network = build(Architecture(space, {}), seed=0).eval()
    output = network({"x": torch.randn(4, 2, 9)})
    assert torch.equal(output, output[:1].expand(4, 3))


def test_the_names_of_the_paper_are_taken() -> None:
    names = ("none", "skip_connect", "nor_conv_3")
    space = NASBench201(operations=names).build(IMAGE, 10)
    assert space.choices["cell/0->1"].candidates == ("zero", "identity", "nor_conv_3")


def test_without_affine_every_operation_that_has_this_option_says_so() -> None:
    space = NASBench201(operations=("zero", "nor_conv_3", "avg_pool_3"), affine=False).build(IMAGE, 10)
    assert space.choices["cell/0->1"].candidates == ("zero", "nor_conv_3(affine=false)", "avg_pool_3")
    network = build(Architecture(space, assignment(*["nor_conv_3(affine=false)"] * 6)), seed=0)
    # a scale or a shift is a vector; the bias of the linear layer is one too
    assert [name for name, value in network.named_parameters() if value.ndim == 1] == [
        "nodes.head.fixed.operation.linear.bias"
    ]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"x": (40,)}, r"found x: \(40,\); give a sequence of one channel as \(1, 40\)"),
        ({"x": (1, 2, 3, 4)}, r"\(channels, length\) of a sequence, found x: \(1, 2, 3, 4\)"),
        ({"a": (3, 8), "b": (3, 8)}, r"takes one input, found 2: a: \(3, 8\), b: \(3, 8\)"),
    ],
)
def test_other_inputs_are_refused_in_words(inputs: dict[str, tuple[int, ...]], words: str) -> None:
    with pytest.raises(SpaceError, match=words):
        NASBench201().build(inputs, 2)


@pytest.mark.parametrize(
    ("operations", "words"),
    [
        ((), "at least one operation beside zero"),
        (("none",), "at least one operation beside zero"),
        (("none", "zero", "identity"), "'zero' occurs more than once"),
        (("zero", "nor_conv_2"), "nor_conv_2.*did you mean"),
        (("zero", "attention"), "'attention' takes 2 inputs; an edge of a cell has 1"),
        (("zero", OpSpec("nor_conv_3", {"strid": 2})), "strid"),
        (("zero", OpSpec("nor_conv_3", {"channels": None})), "'channels' is None"),
    ],
)
def test_other_operations_are_refused_in_words(operations: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        NASBench201(operations=operations)


def test_candidates_that_change_the_shape_are_refused_with_their_names() -> None:
    narrow = OpSpec("nor_conv_3", {"channels": 2})
    space = NASBench201(operations=("zero", "identity", narrow)).build(IMAGE, 10)
    with pytest.raises(SpaceError, match=r"nor_conv_3\(channels=2\): \(2, 32, 32\)"):
        build(Architecture(space, space.sample(0)))


def test_every_pair_of_operations_is_an_architecture() -> None:
    space = NASBench201(nodes=3, operations=("zero", "identity", "avg_pool_3"), stages=1, cells=1)
    found = space.build({"x": (1, 8)}, 2)
    names = ("cell/0->1", "cell/0->2", "cell/1->2")
    for values in itertools.product(("zero", "identity", "avg_pool_3"), repeat=3):
        given = dict(zip(names, values, strict=True))
        assert found.validate(given) == given
