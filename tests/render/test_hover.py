"""A picture has a title, and tells more to those who point at a part of it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import nasframe
from nasframe import Architecture, Choice, OpSpec, SearchSpace, build
from nasframe.render import draw, draw_pair
from nasframe_bimodal.space import Bimodal

SVG = "{http://www.w3.org/2000/svg}"


def architecture(name: str = "a") -> Architecture:
    space = Bimodal(channels=8, cells=1, nodes=1, ports="choose").build({name: (4, 3), "b": (4, 3)}, 2)
    choices = {"cell1.x": "b", "cell1.y": name, "cell1/N1": "sum", "cell1/N1.x": "y", "cell1/N1.y": "x"}
    return Architecture(space, choices)


def told(svg: str) -> list[list[str]]:
    """Return the lines that are told about each part."""
    titles = [item.text or "" for item in ET.fromstring(svg).iter(f"{SVG}title")]
    return [title.split("\n") for title in titles]


def about(svg: str, start: str) -> list[str]:
    return next(lines for lines in told(svg) if lines[0].startswith(start))


# -- the title ------------------------------------------------------------------------------------------


def test_the_title_is_the_space_and_the_fingerprint_and_that_of_the_document() -> None:
    found = architecture()
    root = ET.fromstring(draw(found).svg)
    title = f"bimodal, {found.fingerprint[:12]}"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == title
    assert title in [item.text for item in root.iter(f"{SVG}text")]


def test_the_title_may_be_another_one_or_none() -> None:
    root = ET.fromstring(draw(architecture(), title="<mine> & yours").svg)
    assert root[0].text == "<mine> & yours"
    root = ET.fromstring(draw(architecture(), title="").svg)
    assert root[0].tag == f"{SVG}g"
    assert not any((item.text or "").startswith("bimodal") for item in root.iter(f"{SVG}text"))


def test_two_architectures_have_both_names_in_the_title_of_the_document() -> None:
    left = architecture()
    root = ET.fromstring(draw_pair(left, left, ("old", "new")).svg)
    name = f"bimodal, {left.fingerprint[:12]}"
    assert root[0].text == f"old: {name} | new: {name}"


def test_a_title_of_two_is_refused() -> None:
    with pytest.raises(TypeError, match="and no title"):
        nasframe.draw(architecture(), architecture(), title="both")


# -- on a part ------------------------------------------------------------------------------------------


def test_a_searched_node_tells_its_candidates_and_a_given_one_that_it_was_not_searched() -> None:
    svg = draw(architecture()).svg
    node = about(svg, "cell1/N1: sum")
    assert "chosen among: zero, sum, attention, linear_glu, concat_fc" in node
    assert "port x: y, among: x, y" in node
    assert about(svg, "a: projection(channels=8)")[1] == "not searched"


def test_probabilities_are_told_where_they_are_known() -> None:
    known = {"cell1/N1": {"zero": 0.1, "sum": 0.7, "attention": 0.1, "linear_glu": 0.05, "concat_fc": 0.05}}
    node = about(draw(architecture(), probabilities=known).svg, "cell1/N1: sum")
    expected = "chosen among: zero 0.10, sum 0.70, attention 0.10, linear_glu 0.05, concat_fc 0.05"
    assert expected in node


def test_shapes_and_parameters_are_those_of_the_network() -> None:
    found = architecture()
    svg = draw(found, measured=True).svg
    assert "shape 4 × 8" in about(svg, "cell1/N1: sum")
    network = build(found)
    of_head = sum(p.numel() for name, p in network.named_parameters() if "head" in name)
    assert f"{of_head} parameters" in about(svg, "head: head(outputs=2)")
    counts = [
        int(line.split()[0].replace(",", ""))
        for lines in told(svg)
        for line in lines
        if line.endswith(("parameter", "parameters"))
    ]
    assert sum(counts) == sum(p.numel() for p in network.parameters())


def test_a_drawing_that_is_not_measured_tells_no_shape() -> None:
    assert "shape" not in draw(architecture()).dot.replace("shape=", "")


def test_an_arrow_tells_its_ends_its_operation_and_its_candidates(edges: Architecture) -> None:
    svg = draw(edges, probabilities={"first": {"zero": 0.25, "layer_norm": 0.75}}, measured=True).svg
    first = ["x → mid: layer_norm", "chosen among: zero 0.25, layer_norm 0.75", "16 parameters"]
    assert told(svg).count(first) == 2  # on the arrow and on its label
    assert ["mid → out: layer_norm", "not searched", "16 parameters"] in told(svg)


def test_of_many_candidates_the_most_probable_are_told() -> None:
    space = SearchSpace("wide")
    space.add_input("a", (4, 6))
    widths = [OpSpec("projection", {"channels": number}) for number in range(1, 31)]
    space.add_node("wide", choice=Choice("width", widths, "widths"), ports=("x",))
    space.connect("a", "wide", "x")
    space.set_output("wide")
    names = space.choices["width"].candidates
    shares = {name: (index + 1) / 465 for index, name in enumerate(names)}
    found = Architecture(space, {"width": names[-1]})
    line = about(draw(found, probabilities={"width": shares}).svg, "wide: projection")[1]
    assert line.startswith("chosen among: projection(channels=30) 0.06, projection(channels=29) 0.06")
    assert line.endswith(", 18 more")


def test_a_hostile_name_is_text_where_it_is_told() -> None:
    name = '<title><script>alert("1")<script>'
    svg = draw(architecture(name), measured=True).svg
    assert "<script" not in svg
    assert any(name in lines[0] for lines in told(svg))


def test_nothing_in_the_picture_is_a_link(tmp_path: Path) -> None:
    svg = draw(architecture(), measured=True).save(tmp_path / "a.svg").read_text("utf-8")
    assert "<a " not in svg
    assert "</a>" not in svg
    assert "href" not in svg
