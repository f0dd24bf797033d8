"""The words of a picture: a searched operation, one that was given, and the name of a port look different."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from nasframe import Architecture, SearchSpace, draw
from nasframe_bimodal.space import Bimodal

SVG = "{http://www.w3.org/2000/svg}"


def bimodal() -> Architecture:
    space = Bimodal(channels=8, cells=1, nodes=1, ports="choose").build({"a": (4, 3), "b": (4, 3)}, 2)
    choices = {"cell1.x": "b", "cell1.y": "a", "cell1/N1": "sum", "cell1/N1.x": "y", "cell1/N1.y": "x"}
    return Architecture(space, choices)


def words(architecture: Architecture) -> dict[str, list[str]]:
    """Return each node → the lines on it."""
    groups = ET.fromstring(draw(architecture).svg).iter(f"{SVG}g")
    nodes = [group for group in groups if group.get("class") == "node"]
    return {
        node.findtext(f"{SVG}title") or "": [item.text or "" for item in node.iter(f"{SVG}text")]
        for node in nodes
    }


def test_a_node_that_was_not_searched_shows_its_operation_in_parentheses() -> None:
    found = words(bimodal())
    assert found["a"] == ["a", "(projection)"]
    assert found["cell1/fusion"] == ["fusion", "(weighted_fusion)"]
    assert found["cell1/norm"] == ["norm", "(layer_norm)"]


def test_a_searched_node_shows_its_operation_without_them() -> None:
    assert words(bimodal())["cell1/N1"] == ["N1", "sum"]


def test_a_node_that_is_called_as_its_operation_says_it_once() -> None:
    found = words(bimodal())
    assert (found["concat"], found["head"]) == (["concat"], ["head"])


def test_a_node_that_computes_nothing_shows_no_operation() -> None:
    assert words(bimodal())["cell1/x"] == ["x"]


def test_an_arrow_whose_operation_was_given_has_it_in_parentheses(edges: Architecture) -> None:
    texts = [item.text for item in ET.fromstring(draw(edges).svg).iter(f"{SVG}text")]
    assert texts.count("layer_norm") == 1
    assert texts.count("(layer_norm)") == 1


def test_the_name_of_a_port_is_smaller_paler_and_slanted_beside_an_operation_on_an_arrow(
    edges: Architecture,
) -> None:
    drawn = ET.fromstring(draw(bimodal()).svg)
    ports = [
        item
        for group in drawn.iter(f"{SVG}g")
        if group.get("class") == "edge"
        for item in group.iter(f"{SVG}text")
    ]
    assert sorted(item.text or "" for item in ports) == ["x", "y"]
    for item in ports:
        assert item.get("font-style") in ("italic", "oblique")
        assert float(item.get("font-size", "")) < 9
        assert item.get("fill") == "#6b6b6b"
    texts = list(ET.fromstring(draw(edges).svg).iter(f"{SVG}text"))
    operation = next(item for item in texts if item.text == "layer_norm")
    assert float(operation.get("font-size", "")) == 9
    assert operation.get("font-style") is None


def test_a_space_where_nothing_is_searched_is_drawn() -> None:
    space = SearchSpace("fixed")
    space.add_input("x", (4, 8))
    space.add_node("norm", "layer_norm")
    space.connect("x", "norm")
    space.set_output("norm")
    assert words(Architecture(space, {})) == {"x": ["x"], "norm": ["norm", "(layer_norm)"]}


def test_a_long_name_makes_no_large_circle() -> None:
    space = SearchSpace("long")
    last = space.add_input("x", (4, 8))
    for number in range(22):
        node = space.add_node(f"a_node_with_a_long_name_{number}", "identity")
        space.connect(last, node)
        last = node
    space.set_output(last)
    drawn = ET.fromstring(draw(Architecture(space, {}), title="").svg)
    assert float(drawn.get("viewBox", "").split()[3]) < 60
