"""The differences of two architectures: marked in the picture without colours too, and listed as text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

import pytest

import nasframe
from nasframe import Architecture
from nasframe.render import Change, differences, draw, draw_pair
from nasframe_bimodal.space import Bimodal

SVG = "{http://www.w3.org/2000/svg}"
BASE = {"cell1.x": "b", "cell1.y": "a", "cell1/N1": "sum", "cell1/N1.x": "y", "cell1/N1.y": "x"}


def architecture(changes: Mapping[str, str] | None = None, **options: Any) -> Architecture:
    """One cell of one node, every choice of which is in `BASE`."""
    given = {"channels": 8, "cells": 1, "nodes": 1, "ports": "choose", **options}
    space = Bimodal(**given).build({"a": (4, 3), "b": (4, 3), "c": (4, 3)}, 2)
    return Architecture(space, {**BASE, **(changes or {})})


def nodes(dot: str) -> dict[str, str]:
    """Identifier → attributes, of a DOT text."""
    found = re.findall(r'^\s*"?([\w/]+)"? \[(.*)\]$', dot, re.MULTILINE)
    return {name: attributes for name, attributes in found if name not in ("node", "edge", "graph")}


def arrows(dot: str) -> dict[tuple[str, str], str]:
    found = re.findall(r'^\s*"?([\w/]+)"? -> "?([\w/]+)"?(.*)$', dot, re.MULTILINE)
    return {(source, target): attributes for source, target, attributes in found}


def test_an_operation_that_differs_is_marked_by_sign_and_border_and_the_others_are_calm() -> None:
    dot = draw(architecture(), against=architecture({"cell1/N1": "attention"})).dot
    marked = {name: text for name, text in nodes(dot).items() if "class=same" not in text}
    assert set(marked) == {"cell1/N1"}
    assert 'label="≠ N1\\nsum"' in marked["cell1/N1"]
    assert "peripheries=2" in marked["cell1/N1"]
    assert all("penwidth" not in text for text in arrows(dot).values())


def test_a_node_that_only_one_of_them_has_is_dashed_and_so_is_its_cell() -> None:
    more = architecture({"cell2.x": "a", "cell2.y": "b", "cell2/N1": "zero"}, cells=2)
    dot = draw(more, against=architecture()).dot
    marked = {name for name, text in nodes(dot).items() if 'label="+ ' in text and "dashed" in text}
    assert marked == {"cell2/x", "cell2/fusion", "cell2/norm"}
    assert re.search(r'label="\+ cell2".*dashed', dot)
    assert not re.search(r'label="\+ cell1"', dot)


def test_an_arrow_that_only_one_of_them_has_is_thick_and_signed() -> None:
    dot = draw(architecture(), against=architecture({"cell1.x": "c"})).dot
    marked = {ends for ends, text in arrows(dot).items() if "penwidth" in text and "≠" in text}
    assert marked == {("b", "cell1/x")}


def test_an_arrow_into_the_other_port_differs() -> None:
    turned = architecture({"cell1/N1.x": "x", "cell1/N1.y": "y"})
    dot = draw(architecture(), against=turned).dot
    marked = {ends for ends, text in arrows(dot).items() if "≠" in text}
    assert marked == {("cell1/x", "cell1/N1"), ("cell1/y", "cell1/N1")}
    assert differences(architecture(), turned) == [
        Change("cell1/N1.x", "cell1/y", "cell1/x"),
        Change("cell1/N1.y", "cell1/x", "cell1/y"),
    ]


def test_nothing_is_marked_where_nothing_differs() -> None:
    drawing = draw(architecture(), against=architecture())
    assert "≠" not in drawing.dot
    assert "+ " not in drawing.dot
    assert set(re.findall(r'class="?(\w+)', drawing.dot)) == {"same"}


def test_the_words_say_what_is_only_in_one_and_what_became_of_the_rest() -> None:
    other = architecture({"cell1/N1": "attention", "cell1.x": "c"})
    lines = [line.split("  ") for line in draw_pair(architecture(), other, ("old", "new")).text.splitlines()]
    found = [[word.strip() for word in line if word] for line in lines[3:]]
    assert found == [
        ["b", "only in old: projection"],
        ["cell1/x", "b → c"],
        ["cell1/N1", "sum → attention"],
        ["c", "only in new: projection"],
    ]
    assert lines[2] == ["4 differences, 8 of 10 nodes are in both"]


def test_options_of_one_space_that_differ_are_named() -> None:
    text = draw_pair(architecture(), architecture(channels=16)).text
    assert "option channels  8 → 16" in text
    assert "1 difference, " in text


def test_equal_architectures_are_said_to_be_the_same_network() -> None:
    assert draw_pair(architecture(), architecture()).text.endswith("\nsame network")


def test_a_pair_is_one_picture_with_both_under_their_titles_and_the_differences_marked_in_both() -> None:
    other = architecture({"cell1/N1": "attention"})
    drawing = draw_pair(architecture(), other, ("before", "after"))
    marked = {name for name, text in nodes(drawing.dot).items() if "peripheries=2" in text}
    assert marked == {"left/cell1/N1", "right/cell1/N1"}
    seen = [element.text for element in ET.fromstring(drawing.svg).iter(f"{SVG}text")]
    assert {"before", "after", "≠ N1", "sum", "attention"} <= set(seen)


def test_both_stand_side_by_side() -> None:
    picture = ET.fromstring(draw_pair(architecture(), architecture()).svg)
    boxes = {
        group.findtext(f"{SVG}title"): [float(x) for x in re.findall(r"(-?[\d.]+),", path.get("d", ""))]
        for group in picture.iter(f"{SVG}g")
        if group.get("class") == "cluster" and (path := group.find(f"{SVG}path")) is not None
    }
    assert max(boxes["cluster_left"]) < min(boxes["cluster_right"])


def test_architectures_of_different_spaces_are_compared_by_name() -> None:
    class Other(Bimodal):
        def make(self, inputs: Any, outputs: int) -> nasframe.SearchSpace:
            space = super().make(inputs, outputs)
            space.name = "another"
            return space

    space = Other(channels=8, cells=1, nodes=1, ports="choose").make({"a": (4, 3), "d": (4, 3)}, 2)
    other = Architecture(space, {**BASE, "cell1.x": "d"})
    assert differences(architecture(), other) == [
        Change("b", "projection", None),
        Change("cell1/x", "b", "d"),
        Change("d", None, "projection"),
    ]


def test_the_text_of_one_against_another_has_a_sign_before_each_line_that_differs() -> None:
    other = architecture({"cell1/N1": "attention", "cell1.x": "c"})
    lines = draw(architecture(), against=other).text.splitlines()
    signs = {line.split()[1]: line[0] for line in lines[2:] if line[0] != " "}
    assert signs == {"b": "+", "cell1/x": "≠", "cell1/N1": "≠", "c": "-"}


def test_a_plugin_cannot_paint_over_a_mark(plugins: Any) -> None:
    class Style:
        @nasframe.hookimpl
        def style_node(self, node: str, operation: str) -> dict[str, str]:
            return {"peripheries": "1", "penwidth": "1", "fontname": "Courier"}

    plugins.register(Style(), "style")
    dot = draw(architecture(), against=architecture({"cell1/N1": "attention"})).dot
    assert "peripheries=2" in nodes(dot)["cell1/N1"]
    assert "Courier" in nodes(dot)["cell1/N1"]


def test_draw_of_the_api_takes_one_two_or_one_against_another() -> None:
    one, two = architecture(), architecture({"cell1/N1": "attention"})
    assert nasframe.draw(one, two, titles=("l", "r")) == draw_pair(one, two, ("l", "r"))
    assert nasframe.draw(one, against=two) == draw(one, against=two)
    with pytest.raises(TypeError, match="either as other or as against"):
        nasframe.draw(one, two, against=two)
