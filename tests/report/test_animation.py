"""The animation of a search, without a browser."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

import pytest

from nasframe import Choice, OpSpec, SearchSpace, Shape
from nasframe.report.animation import animate_search
from nasframe.report.animation.layout import Box, lay_out
from nasframe.report.animation.routes import drawn_edges
from nasframe.report.animation.tied_cells import stand_ins
from nasframe.searching import derive
from nasframe_bimodal.space import Bimodal
from nasframe_cells.darts import DARTS
from nasframe_cells.nas_bench_201 import NASBench201

SHAPES: dict[str, Shape] = dict.fromkeys(("I1", "I2", "S1", "S2"), (8, 16))


def of_edges(nodes: int) -> SearchSpace:
    """Every node takes something from every earlier one, through one of three operations."""
    space = SearchSpace("edges", derivation="argmax")
    names = [space.add_input("x", (8, 16))]
    for index in range(1, nodes + 1):
        target = space.add_node(f"n{index}", "identity")
        for source in names:
            choice = Choice(f"{source}->{target}", ("zero", "identity", "layer_norm"), "edges")
            space.connect(source, target, choice=choice)
        names.append(target)
    space.add_node("head", OpSpec("head", {"outputs": 2}))
    space.connect(names[-1], "head")
    space.set_output("head")
    return space


SPACES = {
    **{ports: Bimodal(ports=ports).make(SHAPES, 2) for ports in ("shared", "distinct", "choose", "paired")},  # type: ignore[arg-type]
    "tied": Bimodal(tied=True, cells=3, nodes=3).make(SHAPES, 1),
    "edges": of_edges(4),
}


def history(space: SearchSpace, **changes: Any) -> list[Mapping[str, Any]]:
    """One epoch in which the last candidate of each choice leads."""
    found = {}
    for name, choice in space.choices.items():
        share = 0.4 / max(1, len(choice.candidates) - 1)
        found[name] = dict.fromkeys(choice.candidates, round(share, 4)) | {choice.candidates[-1]: 0.6}
    return [{"epoch": 1, "probabilities": found, "derived": derive(space, found).fingerprint[:16]} | changes]


@pytest.mark.parametrize("name", SPACES)
def test_no_two_boxes_overlap(name: str) -> None:
    def check(box: Box) -> None:
        for a, b in itertools.combinations(box.inner, 2):
            apart = (
                a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
            )
            assert apart, f"{a.name} and {b.name}"
        for inner in box.inner:
            assert box.x <= inner.x
            assert inner.x + inner.width <= box.x + box.width
            assert box.y <= inner.y
            assert inner.y + inner.height <= box.y + box.height
            check(inner)

    check(lay_out(SPACES[name]))


@pytest.mark.parametrize("name", SPACES)
def test_every_edge_of_the_space_is_drawn_once_and_every_node_is_there(name: str) -> None:
    space = SPACES[name]
    flat = [edge.name for edges in space.wiring.arrivals.values() for edge in edges]
    drawn = drawn_edges(space)
    assert sorted(edge.name for part in drawn for edge in part.edges) == sorted(flat)
    searched = [part.name for part in drawn if part.choice is not None]
    assert len(searched) == len(set(searched))
    html, _ = animate_search(space, history(space))
    assert set(re.findall(r'data-n="([^"]+)"', html)) == set(space.wiring.nodes)


@pytest.mark.parametrize("name", SPACES)
def test_every_choice_has_its_place_in_the_picture(name: str) -> None:
    space = SPACES[name]
    html, data = animate_search(space, history(space))
    on_edges = {choice for pairs in data["edges"] for choice, _ in pairs}
    on_nodes = {int(number) for number in re.findall(r'data-c="(\d+)"', html)}
    assert on_edges | on_nodes == set(range(len(space.choices)))


def test_where_ports_share_what_arrives_an_edge_is_drawn_for_both() -> None:
    drawn = {edge.name: len(edge.edges) for edge in drawn_edges(SPACES["shared"])}
    assert drawn["I1 → cell1"] == 2
    assert drawn["cell1 → cell2"] == 2
    assert "I1 → cell1/x" in {edge.name for edge in drawn_edges(SPACES["choose"])}


def test_where_ports_share_what_arrives_an_edge_is_as_wide_as_it_is_probable() -> None:
    space = SPACES["shared"]
    edges = [name for name in space.choices if "->" in name]
    chances = {name: (index + 1) / len(edges) for index, name in enumerate(edges)}
    rows = {name: {"zero": 1 - chance, "identity": chance} for name, chance in chances.items()}
    (line,) = history(space)
    html, _ = animate_search(space, [{**line, "probabilities": {**line["probabilities"], **rows}}])
    widths = {
        f"{source}->{target.rpartition('/')[2]}": float(width)
        for width, source, target in re.findall(
            r'stroke-width="([\d.]+)"[^>]*><title>(\S+) → (\S+)</title>', html
        )
    }
    assert widths == {name: pytest.approx(0.6 + 3.4 * chance, abs=0.01) for name, chance in chances.items()}


def test_an_edge_that_chooses_its_operation_is_labelled_with_the_leading_one() -> None:
    space = SPACES["edges"]
    html, _ = animate_search(space, history(space))
    assert re.findall(r'class="through halo"[^>]*>([^<]+)<', html) == ["layer_norm"] * 10


def test_a_space_that_is_too_big_is_not_drawn_and_the_page_says_so() -> None:
    space = of_edges(21)
    html, data = animate_search(space, history(space))
    assert data == {}
    assert "232 edges" in html
    assert "<svg" not in html


def test_where_rounded_probabilities_give_another_architecture_nothing_is_called_kept() -> None:
    space = SPACES["choose"]
    html, data = animate_search(space, history(space, derived="0" * 16))
    assert data["kept"] == [None]
    assert 'class="e kept" data-e' not in html
    assert ' gone"' not in html


def test_probabilities_of_another_space_are_refused_in_words() -> None:
    html, data = animate_search(SPACES["choose"], history(SPACES["shared"]))
    assert data == {}
    assert "are not those of the space" in html


def test_probabilities_that_are_not_finite_are_reported() -> None:
    space = SPACES["choose"]
    lines = history(space)
    name, found = next(iter(lines[0]["probabilities"].items()))
    broken = {**lines[0]["probabilities"], name: dict.fromkeys(found)}
    html, data = animate_search(space, [*lines, {**lines[0], "epoch": 2, "probabilities": broken}])
    assert data == {}
    assert "in epoch 2 a probability is not finite" in html


def test_of_tied_cells_with_fixed_sources_the_first_stands_for_all() -> None:
    space = DARTS(cells=5, nodes=2).make({"x": (1, 8)}, 2)
    assert [*space.wiring.cells.values()] == ["normal", "reduction", "normal", "reduction", "normal"]
    html, data = animate_search(space, history(space))
    nodes = set(re.findall(r'data-n="([^"]+)"', html))
    assert {name.partition("/")[0] for name in nodes} == {"x", "stem", "cell1", "cell2", "head"}
    assert re.findall(r'class="cellname"[^>]*>([^<]+)<', html) == ["cell1, cell3, cell5", "cell2, cell4"]
    assert {choice for pairs in data["edges"] for choice, _ in pairs} == set(range(len(space.choices)))
    # what leaves a cell that is left out leaves the one that stands for it
    assert ("cell1/c_k", "head") in {(edge.source, edge.target) for edge in drawn_edges(space)}


def test_tied_cells_that_choose_their_sources_are_all_drawn() -> None:
    assert stand_ins(SPACES["tied"]) == {}
    assert stand_ins(NASBench201(cells=2, stages=1).make({"x": (1, 8)}, 2)) == {"cell2": "cell1"}
