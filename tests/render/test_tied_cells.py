"""Tied cells that keep the same are drawn once, beside a network in which each of them is one box."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from nasframe import Architecture, Choice, SearchSpace, draw
from nasframe.render import draw_pair, tied_cells
from nasframe_cells.darts import DARTS

SVG = "{http://www.w3.org/2000/svg}"
CANDIDATES = ("zero", "identity", "layer_norm")


def chain(cells: int, *, tied: bool = True, removable: bool = False) -> SearchSpace:
    """Cells in a row; inside each, two edges to a sum."""
    cell = SearchSpace("cell")
    cell.add_input("a"), cell.add_input("b")
    cell.add_node("out", "identity")
    for name in ("a", "b"):
        cell.connect(name, "out", choice=Choice(f"{name}->out", CANDIDATES, "beta"))
    cell.set_output("out")
    space = SearchSpace("chain")
    last = space.add_input("x", (2, 3))
    for index in range(1, cells + 1):
        name = space.add_cell(f"cell{index}", cell, tied="kind" if tied else None)
        space.connect(last, name, "a")
        edge = Choice(f"skip{index}", ("zero", "identity"), "alpha") if removable else None
        space.connect("x", name, "b", choice=edge)
        last = name
    space.add_node("head", "layer_norm")
    space.connect(last, "head")
    space.set_output("head")
    return space


def of(space: SearchSpace, **assignment: str) -> Architecture:
    inside = {
        name: assignment.get(name.rpartition("/")[2][0], "identity") for name in space.choices if "->" in name
    }
    outside = {name: "identity" for name in space.choices if "->" not in name}
    return Architecture(space, inside | outside)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def arrows(svg: str) -> list[str]:
    titles = [
        element.findtext(f"{SVG}title") or ""
        for element in ET.fromstring(svg).iter(f"{SVG}g")
        if element.get("class", "").startswith("edge")
    ]
    return sorted(titles)


def test_the_inside_of_tied_cells_is_drawn_once() -> None:
    seen = texts(draw(of(chain(3), b="layer_norm")).svg)
    assert seen.count("layer_norm") == 1
    assert seen.count("out") == 1
    assert seen.count("kind") == 3  # a box each
    assert {"kind cell × 3", "cell1, cell2, cell3"} <= set(seen)


def test_in_the_network_each_of_them_is_a_box_with_its_arrows() -> None:
    found = arrows(draw(of(chain(2), b="layer_norm")).svg)
    inside = ["cell1/a->cell1/out", "cell1/b->cell1/out"]
    outside = ["cell1->cell2", "cell2->head", "x->cell1", "x->cell1", "x->cell2"]
    assert found == sorted(inside + outside)


def test_an_arrow_into_a_box_says_at_which_input_it_ends() -> None:
    seen = texts(draw(of(chain(2))).svg)
    assert (seen.count("a"), seen.count("→ a")) == (1, 2)
    assert (seen.count("b"), seen.count("→ b")) == (1, 2)


def test_an_edge_that_may_choose_an_operation_says_so_where_it_chose_identity() -> None:
    assert texts(draw(of(chain(2), b="zero")).svg).count("identity") == 1
    # one that may only be kept or not says nothing
    assert "identity" not in texts(draw(of(chain(1, removable=True), a="layer_norm", b="zero")).svg)


def test_cells_that_are_not_tied_are_drawn_in_their_places() -> None:
    assert tied_cells(of(chain(2, tied=False))) == {}
    assert texts(draw(of(chain(2, tied=False))).svg).count("out") == 2


def test_a_single_cell_is_drawn_in_its_place() -> None:
    assert tied_cells(of(chain(1))) == {}


def test_of_many_cells_the_first_and_the_last_are_named() -> None:
    assert "cell1, …, cell12 (12 cells)" in texts(draw(of(chain(12))).svg)


def test_cells_that_reach_no_output_do_not_count() -> None:
    space = chain(3)
    assert [*tied_cells(of(space, b="zero"))] == ["cell1", "cell2", "cell3"]
    assert tied_cells(of(space, a="zero")) == {}  # the last one alone is left


def test_a_difference_is_marked_in_the_one_drawing_and_at_every_box() -> None:
    space = chain(3)
    seen = texts(draw(of(space, b="layer_norm"), against=of(space)).svg)
    assert [word for word in seen if word.startswith("≠ cell")] == ["≠ cell1", "≠ cell2", "≠ cell3"]
    assert seen.count("≠ layer_norm") == 1


def test_a_cell_that_the_other_lacks_is_drawn_apart_from_its_ties() -> None:
    seen = texts(draw_pair(of(chain(4)), of(chain(2))).svg)
    assert {"+ cell3", "+ cell4"} <= set(seen)
    assert "+ cell1" not in seen


@pytest.mark.parametrize("cells", [2, 5])
def test_the_text_of_a_drawing_has_every_node(cells: int) -> None:
    found = of(chain(cells))
    assert all(name in draw(found).text for name in found.resolved.operations)


def row(cells: int, operation: str | None = None) -> SearchSpace:
    """Cells of one input in a row; `operation` is on the edge into the third."""
    cell = SearchSpace("cell")
    cell.add_input("in")
    cell.add_node("out", "identity")
    cell.connect("in", "out", choice=Choice("in->out", CANDIDATES, "beta"))
    cell.set_output("out")
    space = SearchSpace("row")
    last = space.add_input("x", (2, 3))
    for index in range(1, cells + 1):
        name = space.add_cell(f"cell{index}", cell, tied="kind")
        space.connect(last, name, "in", operation=operation if index == 3 else None)
        last = name
    space.add_node("head", "layer_norm")
    space.connect(last, "head")
    space.set_output("head")
    return space


def test_cells_that_follow_each_other_and_nothing_else_are_one_box() -> None:
    svg = draw(of(row(5))).svg
    assert {"cell1 … cell5", "kind × 5"} <= set(texts(svg))
    assert arrows(svg) == ["cell1->head", "cell1/in->cell1/out", "x->cell1"]


def test_a_row_ends_where_an_operation_stands_between_two_cells() -> None:
    svg = draw(of(row(4, "layer_norm"))).svg
    assert {"cell1 … cell2", "cell3 … cell4"} <= set(texts(svg))
    assert "cell1->cell3" in arrows(svg)


def test_a_row_ends_where_something_else_takes_the_output_of_a_cell() -> None:
    space = row(3)
    space.add_node("sum", "identity")
    space.connect("head", "sum")
    space.connect("cell1", "sum")
    space.set_output("sum")
    seen = set(texts(draw(of(space)).svg))
    assert {"cell1", "cell2 … cell3"} <= seen


# -- rows of cells that look back further than one --------------------------------------------------------


def test_cells_that_take_the_same_from_the_same_distance_are_one_box_that_says_so() -> None:
    svg = draw(of(chain(12))).svg
    assert {"cell1 … cell12", "kind × 12", "a ← 1 before", "b ← x"} <= set(texts(svg))
    assert arrows(svg) == ["cell1->head", "cell1/a->cell1/out", "cell1/b->cell1/out", "x->cell1", "x->cell1"]
    assert {"→ a", "→ b of each"} <= set(texts(svg))


def test_fewer_than_four_such_cells_have_a_box_each() -> None:
    assert {"cell1", "cell2", "cell3"} <= set(texts(draw(of(chain(3))).svg))
    assert "cell1 … cell4" in texts(draw(of(chain(4))).svg)


def test_a_network_of_many_cells_of_two_kinds_is_its_macro_structure_and_each_kind_once() -> None:
    space = DARTS(cells=20, nodes=2).make({"image": (3, 8, 8)}, 2)
    seen = texts(draw(Architecture(space, space.sample(0))).svg)
    assert {"normal cell × 18", "reduction cell × 2"} <= set(seen)
    boxes = [word for word in seen if re.fullmatch(r"cell\d+( … cell\d+)?", word)]
    assert sorted(boxes) == [
        *("cell1 … cell6", "cell14", "cell15 … cell20", "cell7", "cell8 … cell13"),
    ]
    assert seen.count("c_{k-1} ← 1 before, (nor_conv_1)") == 3
    assert seen.count("c_{k-2} ← 2 before, (nor_conv_1)") == 3


def test_an_arrow_says_which_cell_of_a_row_it_leaves_or_enters_where_that_is_not_the_nearest() -> None:
    space = DARTS(cells=20, nodes=2).make({"image": (3, 8, 8)}, 2)
    seen = texts(draw(Architecture(space, space.sample(0))).svg)
    # the reduction takes the last two cells before it; of the second cell of a row one source is outside it
    assert {"cell5 → c_{k-2}", "→ c_{k-1}", "→ cell2 c_{k-2}"} <= set(seen)


def test_every_arrow_between_boxes_is_drawn_or_said_by_the_rule_of_its_row() -> None:
    space = DARTS(cells=20, nodes=2).make({"image": (3, 8, 8)}, 2)
    found = Architecture(space, space.sample(0))
    rows = {cell: row for group in tied_cells(found).values() for cell, row in group.made.items()}
    said = 0
    for target, ports in found.resolved.arrivals.items():
        for item in (item for items in ports.values() for item in items):
            ends = [name.partition("/")[0] for name in (item.source, target)]
            if ends[0] == ends[1] or not {*ends} <= rows.keys() or rows[ends[0]] != rows[ends[1]]:
                continue
            row, said = rows[ends[0]], said + 1
            distance = row.cells.index(ends[1]) - row.cells.index(ends[0])
            entry = target.partition("/")[2]
            assert (entry, distance) in {(taken.place[0], taken.before) for taken in row.takes}
    assert said == 3 * (5 + 4)


def test_an_arrow_that_is_marked_as_a_difference_ends_a_row() -> None:
    left, right = of(chain(8)), of(chain(9))
    assert "cell1 … cell8" in texts(draw(left, against=left).svg)
    assert not any("cell1 … cell9" in word for word in texts(draw(right, against=left).svg))
