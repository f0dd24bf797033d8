"""The space of DARTS: its published numbers, its derivation, its relaxed cell, and the options it refuses."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nasframe import Architecture, OpSpec, SearchSpace, Supernet, build, cost_of, derive
from nasframe.errors import ArchitectureError, SpaceError
from nasframe.module_names import module_key
from nasframe.relaxations import Softmax
from nasframe.searching.derivation import argmax
from nasframe_cells.darts import DARTS
from nasframe_cells.strongest_edges import strongest_edges

IMAGE = {"image": (3, 32, 32)}
NAMES = ("c_{k-2}", "c_{k-1}", "0", "1", "2", "3")

# The published cell DARTS-V2, as (operation, index of the source): two edges for each node.
SECOND_ORDER = {
    "normal": [
        *(("sep_conv_3", 0), ("sep_conv_3", 1)),
        *(("sep_conv_3", 0), ("sep_conv_3", 1)),
        *(("sep_conv_3", 1), ("identity", 0)),
        *(("identity", 0), ("dil_conv_3", 2)),
    ],
    "reduction": [
        *(("max_pool_3", 0), ("max_pool_3", 1)),
        *(("identity", 2), ("max_pool_3", 1)),
        *(("max_pool_3", 0), ("identity", 2)),
        *(("identity", 2), ("max_pool_3", 1)),
    ],
}


def assignment(genotype: Mapping[str, Sequence[tuple[str, int]]]) -> dict[str, str]:
    found = {}
    for kind, edges in genotype.items():
        for place, (operation, source) in enumerate(edges):
            halves = kind == "reduction" and source < 2
            found[f"{kind}/{NAMES[source]}->{place // 2}"] = f"{operation}(stride=2)" if halves else operation
    return found


def random_probabilities(space: SearchSpace, seed: int) -> dict[str, dict[str, float]]:
    source = random.Random(seed)
    found = {}
    for name, choice in space.choices.items():
        weights = [source.expovariate(1) for _ in choice.candidates]
        found[name] = {
            item: weight / sum(weights) for item, weight in zip(choice.candidates, weights, strict=True)
        }
    return found


def one_cell(nodes: int) -> int:
    """Two of the k + 1 sources of node k, and one of 7 operations on each."""
    return math.prod(math.comb(k + 1, 2) * 7**2 for k in range(1, nodes + 1))


def test_there_are_as_many_architectures_as_the_paper_counts() -> None:
    assert DARTS().build(IMAGE, 10).count() == one_cell(4) ** 2 == 1_037_664_180**2
    assert math.log10(one_cell(4) ** 2) == pytest.approx(18, abs=0.1)


@pytest.mark.parametrize("nodes", [1, 2, 3])
def test_the_number_of_architectures_has_a_closed_form(nodes: int) -> None:
    assert DARTS(nodes=nodes).build(IMAGE, 10).count() == one_cell(nodes) ** 2
    assert DARTS(nodes=nodes, reductions=0).build(IMAGE, 10).count() == one_cell(nodes)


def test_a_small_space_is_the_set_of_pairs_of_edges() -> None:
    space = DARTS(nodes=2, cells=1, reductions=0, operations=("zero", "identity", "avg_pool_3")).build(
        {"x": (1, 8)}, 2
    )
    found = {tuple(sorted(item.items())) for item in space.enumerate()}
    assert len(found) == space.count() == 4 * 3 * 4
    for item in found:
        kept = [name for name, value in item if value != "zero"]
        assert sorted(name[-1] for name in kept) == ["0", "0", "1", "1"]


def test_the_published_network_has_the_published_size() -> None:
    space = DARTS(cells=20, channels=36).build(IMAGE, 10)
    cost = cost_of(Architecture(space, assignment(SECOND_ORDER)))
    assert cost.parameters == 3_349_342  # 3.3 million
    assert cost.multiply_adds == 528_359_040  # 528 million


def test_reductions_stand_at_a_third_and_at_two_thirds() -> None:
    def ties(**options: int) -> str:
        cells = DARTS(**options).build(IMAGE, 10).wiring.cells
        return "".join(tie[0] for tie in cells.values())

    assert ties() == "nnrnnrnn"
    assert ties(cells=20) == "nnnnnnrnnnnnnrnnnnnn"
    assert ties(cells=3) == "nrr"
    assert ties(cells=4, reductions=1) == "nnrn"
    assert ties(cells=2, reductions=0) == "nn"


def test_an_architecture_with_one_edge_or_three_at_a_node_is_refused_in_words() -> None:
    space, given = DARTS().build(IMAGE, 10), assignment(SECOND_ORDER)
    assert Architecture(space, given).assignment["normal/1->3"] == "zero"
    one = {name: value for name, value in given.items() if name != "normal/0->3"}
    words = r"cell1/3.x: keeps exactly 2 of its edges, found 1 \(normal/c_\{k-2\}->3\)"
    with pytest.raises(ArchitectureError, match=words):
        Architecture(space, one)
    with pytest.raises(ArchitectureError, match="keeps exactly 2 of its edges, found 3"):
        Architecture(space, given | {"normal/2->3": "sep_conv_5"})


@pytest.mark.parametrize("seed", range(20))
def test_derivation_keeps_the_two_strongest_edges_of_a_node_with_their_strongest_operations(
    seed: int,
) -> None:
    space = DARTS(cells=3).build(IMAGE, 10)
    probabilities = random_probabilities(space, seed)
    found = derive(space, probabilities).assignment
    expected = dict.fromkeys(space.choices, "zero")
    for kind in ("normal", "reduction"):
        for node in range(4):
            strongest = {}
            for source in NAMES[: node + 2]:
                row = dict(probabilities[f"{kind}/{source}->{node}"])
                del row["zero"]
                strongest[f"{kind}/{source}->{node}"] = max(row.items(), key=lambda pair: pair[1])
            ranked = sorted(strongest, key=lambda name: -strongest[name][1])
            expected |= {name: strongest[name][0] for name in ranked[:2]}
    assert found == expected
    # the largest product of two probabilities is that of the two largest
    assert argmax(space, probabilities) == found


def test_of_equal_edges_and_operations_the_first_are_kept() -> None:
    space = DARTS(cells=3).build(IMAGE, 10)
    even = {
        name: dict.fromkeys(choice.candidates, 1 / len(choice.candidates))
        for name, choice in space.choices.items()
    }
    kept = {name: value for name, value in strongest_edges(space, even).items() if value != "zero"}
    assert {name for name in kept if name.startswith("normal")} == {
        f"normal/{source}->{node}" for node in range(4) for source in NAMES[:2]
    }
    assert {value for name, value in kept.items() if name.startswith("normal")} == {"max_pool_3"}


def test_zero_does_not_count_however_probable_it_is() -> None:
    space = DARTS(cells=3).build(IMAGE, 10)
    probabilities = random_probabilities(space, 0)
    before = derive(space, probabilities)
    for row in probabilities.values():
        row["zero"] = 0.999
    assert derive(space, probabilities) == before


def test_the_relaxed_cell_is_the_sum_over_all_edges_of_the_softmax_over_all_operations() -> None:
    """The mixed operations of the paper, written out from the supernet's own modules."""
    space = DARTS(channels=3, cells=2, reductions=1, nodes=3).build({"x": (2, 6, 5)}, 4)
    torch.manual_seed(0)
    net = Supernet(space).double().eval()
    for logits in net.architecture_parameters():
        nn.init.normal_(logits)
    weights = {
        row: dict(zip(table.candidates, net.logits.values[table.key][index].softmax(-1), strict=True))
        for table in net.logits.tables
        for index, row in enumerate(table.rows)
    }
    assert all(len(row) == 8 for row in weights.values())

    def through(name: str, value: Tensor) -> dict[str, Tensor]:
        blocks: Any = net.edges[module_key(name)]
        return {key: block(value) for key, block in blocks.items()}

    def cell(name: str, kind: str, first: Tensor, second: Tensor, sources: tuple[str, str]) -> Tensor:
        values = []
        for source, port, value in zip(sources, NAMES, (first, second), strict=False):
            (entered,) = through(f"{source}>{name}/{port}:in", value).values()
            values.append(entered)
        for node in range(3):
            total = torch.zeros(())
            for source, value in zip(NAMES, values, strict=False):
                outputs = through(f"{name}/{source}>{name}/{node}:x", value)
                row = weights[f"{kind}/{source}->{node}"]
                for key, weight in row.items():
                    if key != "zero":  # the mixed operation multiplies it with zeros
                        total = total + weight * outputs[key]
            values.append(total)
        return torch.cat(values[2:], dim=1)

    x = torch.randn(3, 2, 6, 5).double()
    nodes: Any = net.nodes
    stem = nodes["stem"]["fixed"](x)
    normal = cell("cell1", "normal", stem, stem, ("stem", "stem"))
    reduction = cell("cell2", "reduction", stem, normal, ("stem", "cell1/c_k"))
    expected = nodes["head"]["fixed"](reduction)
    torch.testing.assert_close(net({"x": x}, net.logits.sample(Softmax())), expected)


def test_a_cell_halves_the_size_and_doubles_the_channels_where_it_reduces() -> None:
    space = DARTS(channels=3, cells=4, nodes=2).build({"x": (2, 9)}, 2)
    net = Supernet(space)
    shapes = {name: net.shapes.nodes[f"{name}/c_k"] for name in space.wiring.cells}
    assert [*space.wiring.cells.values()] == ["normal", "reduction", "reduction", "normal"]
    assert shapes == {"cell1": (6, 9), "cell2": (12, 5), "cell3": (24, 3), "cell4": (24, 3)}


def test_identity_is_a_factorised_reduction_where_the_size_halves() -> None:
    space = DARTS(cells=3, operations=("none", "skip_connect", "sep_conv_3")).build(IMAGE, 10)
    assert space.choices["normal/c_{k-1}->0"].candidates == ("zero", "identity", "sep_conv_3")
    halving = ("zero", "skip_connect(stride=2)", "sep_conv_3(stride=2)")
    assert space.choices["reduction/c_{k-1}->0"].candidates == halving
    assert space.choices["reduction/0->1"].candidates == ("zero", "identity", "sep_conv_3")


def test_more_edges_can_be_kept_where_there_are_so_many() -> None:
    space = DARTS(
        cells=1, reductions=0, nodes=2, edges=3, operations=("zero", "identity", "avg_pool_3")
    ).build({"x": (1, 8)}, 2)
    assert space.count() == 2**2 * 2**3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cells": 2}, "has 2 cells, 2 of them reductions; it needs at least one normal cell"),
        ({"nodes": 5, "edges": 5, "cells": 3}, "more than 20,000 ways to keep"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_in_words(options: dict[str, int], words: str) -> None:
    with pytest.raises(SpaceError, match=words):
        DARTS(**options).build(IMAGE, 10).check()


@pytest.mark.parametrize(
    ("operations", "words"),
    [
        (("identity", "sep_conv_3"), "'zero' must be among them"),
        (("zero", "layer_norm"), "'layer_norm' has no option 'stride', which a reduction cell needs"),
        (("zero", OpSpec("sep_conv_3", {"stride": 2})), "the cell sets the option 'stride'; leave it out"),
    ],
)
def test_other_operations_are_refused_in_words(operations: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DARTS(operations=operations)


def test_a_sample_builds_on_an_image_and_on_a_sequence() -> None:
    for shape in ((3, 7, 6), (2, 11)):
        space = DARTS(channels=2, cells=3, nodes=2).build({"x": shape}, 5)
        network = build(Architecture(space, space.sample(1)), seed=0)
        assert network({"x": torch.randn(2, *shape)}).shape == (2, 5)
