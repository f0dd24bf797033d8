"""Cells that stand beside each other stand in their order, and the network below the kinds of its cells."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Literal

import pytest

from nasframe import Architecture
from nasframe.render import draw
from nasframe_bimodal.space import Bimodal
from nasframe_cells.darts import DARTS

SVG = "{http://www.w3.org/2000/svg}"


def corners(svg: str) -> dict[str, tuple[float, float]]:
    """Return each cell → the smallest x and y of its box."""
    found = {}
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        path = group.find(f"{SVG}path")
        if group.get("class") == "cluster" and path is not None:
            points = [
                (float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+),(-?[\d.]+)", path.get("d", ""))
            ]
            name = (group.findtext(f"{SVG}title") or "").removeprefix("cluster_")
            found[name] = (min(x for x, _ in points), min(y for _, y in points))
    return found


def bimodal(seed: int, cells: int = 2) -> Architecture:
    """Cells that take the inputs alone, so that nothing puts one after the other."""
    space = Bimodal(channels=8, cells=cells, nodes=2).make({"a": (8, 16), "b": (8, 16), "c": (8, 16)}, 2)
    sources = {f"cell{number}.sources": "a & c" for number in range(1, cells + 1)}
    return Architecture(space, {**space.sample(seed), **sources})


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("rankdir", ["LR", "TB"])
def test_the_first_of_two_cells_comes_first(seed: int, rankdir: Literal["LR", "TB"]) -> None:
    found = corners(draw(bimodal(seed), rankdir=rankdir).svg)
    (x1, y1), (x2, y2) = found["cell1"], found["cell2"]
    assert (x1 < x2) if rankdir == "TB" else (y1 < y2)


def test_what_keeps_the_order_is_not_seen() -> None:
    found = bimodal(0)
    drawing = draw(found)
    assert "style=invis" in drawing.dot
    nodes = [group for group in ET.fromstring(drawing.svg).iter(f"{SVG}g") if group.get("class") == "node"]
    assert len(nodes) == len(found.resolved.operations)


def test_kinds_of_cells_stand_in_their_order_above_the_network() -> None:
    space = DARTS(nodes=2).make({"image": (3, 8, 8)}, 2)
    svg = draw(Architecture(space, space.sample(0))).svg
    found = corners(svg)
    assert found["cell1"][1] < found["cell3"][1]  # normal, reduction
    head = next(item for item in ET.fromstring(svg).iter(f"{SVG}text") if item.text == "head")
    assert float(head.get("y", "")) > found["cell3"][1]
