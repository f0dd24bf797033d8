"""Names that meet in DOT stay apart and whole: in the picture, in the text, in both kinds of difference."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasframe import Architecture, draw
from nasframe.render import draw_pair
from nasframe.render.names import identifier
from nasframe_bimodal.space import Bimodal
from tests.plugins.made import plugin

SVG = "{http://www.w3.org/2000/svg}"
CHOICES = {"cell1/N1": "sum", "cell1/N1.x": "y", "cell1/N1.y": "x"}
PAIRS = [
    ("mic:1", "mic_1"),
    ("mic-1", "mic_1"),
    ("a:b:c", "a"),
    ("a\\", "a"),
    ("\\N", "N"),
    ('say "x"', "x"),
    ("<b>", "b"),
    ("&amp;", "&"),
    ("{a|b}", "a|b"),
    ("node", "graph"),
    ("subgraph", "strict"),
    ("", " "),
    ("東京", "ß"),
    ("%3A", ":"),
    ("a\nb", "a\\nb "),
    ("\x1b[31m", "\u202ex"),
]


def made(first: str, second: str) -> Architecture:
    space = Bimodal(channels=4, cells=1, nodes=1, ports="choose").build({first: (4, 3), second: (4, 3)}, 2)
    return Architecture(space, {**CHOICES, "cell1.x": first, "cell1.y": second})


def parts(svg: str, kind: str) -> list[ET.Element]:
    items = ET.fromstring(svg).iter(f"{SVG}g")
    return [item for item in items if (item.get("class") or "").split()[:1] == [kind]]


def labels(svg: str) -> list[str]:
    texts = [item.findall(f".//{SVG}text") for item in parts(svg, "node")]
    return [(found[0].text or "").replace("\xa0", " ") if found else "" for found in texts]


def shown(name: str) -> str:
    known = {"a\nb": "a\\nb", "\x1b[31m": "\\x1b[31m", "\u202ex": "\\u202ex"}
    return known.get(name, name)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_two_names_are_two_nodes_with_an_arrow_each(first: str, second: str) -> None:
    svg = draw(made(first, second)).svg
    found = labels(svg)
    assert len(found) == len(made(first, second).resolved.operations)
    for name in (first, second):
        assert shown(name).strip() in {label.strip() for label in found}, name
    ends = [item.findtext(f"{SVG}title") or "" for item in parts(svg, "edge")]
    assert len(ends) == len(set(ends)) == 9
    assert not any(end.startswith("%") for end in ends)  # Graphviz's own names


@pytest.mark.skipif(shutil.which("dot") is None, reason="this machine has no `dot`")
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_systems_dot_shows_the_same_texts(
    first: str, second: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ours = labels(draw(made(first, second)).svg)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert labels(draw(made(first, second)).svg) == ours


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_text_and_the_differences_show_both_names(first: str, second: str) -> None:
    left, right = made(first, second), made(second, first)
    for drawing in (draw(left), draw(left, against=right), draw_pair(left, right, (first, second))):
        assert all(line.isprintable() for line in drawing.text.split("\n"))
    names = [line[2:] for line in draw(left).text.split("\n")[1:]]
    assert sum(line.startswith((shown(first), shown(second))) for line in names) >= 2
    assert len(labels(draw_pair(left, right).svg)) == 2 * len(left.resolved.operations)


def test_a_very_long_name_is_bounded_where_it_is_shown() -> None:
    drawing = draw(made("a" * 10_000, f"{'a' * 9_999}b"))
    assert max(map(len, labels(drawing.svg))) <= 60
    assert len(drawing.dot) < 20_000
    assert len(labels(drawing.svg)) == 9


def test_a_plugin_that_styles_nodes_hears_their_real_names(plugins: Any) -> None:
    heard: list[str] = []
    plugins.register(plugin(style_node=lambda node, operation: heard.append(node)), "mine")
    draw(made("mic:1", "a\\"))
    assert {"mic:1", "a\\"} <= set(heard)


@given(st.text(), st.text())
@settings(max_examples=200)
def test_different_names_have_different_identifiers(first: str, second: str) -> None:
    assert (identifier(first) == identifier(second)) == (first == second)
    assert not set(identifier(first)) & set(':"\\<>&\n')
