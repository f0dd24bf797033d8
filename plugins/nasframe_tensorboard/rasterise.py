"""Graphviz's SVG as pixels, drawn by Pillow in a few milliseconds.

TensorBoard shows no SVG, and Graphviz itself writes PNG only if the system has its program `dot`. Pillow is
installed with TensorBoard.
"""

from __future__ import annotations

import functools
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

__all__ = ["rasterise"]

_SVG = "{http://www.w3.org/2000/svg}"
_FINER = 2
"""The picture is drawn this many times larger and then made smaller, for smooth edges."""

_BEND = np.linspace(0, 1, 9)[1:, None]
_CURVE = np.concatenate(
    [(1 - _BEND) ** 3, 3 * (1 - _BEND) ** 2 * _BEND, 3 * (1 - _BEND) * _BEND**2, _BEND**3], axis=1
)
"""Weights of the four control points of a cubic curve, for eight points on it."""

Array = np.ndarray[Any, Any]


def rasterise(svg: str, scale: float = 1.4) -> Array:
    """Return the pixels `(height, width, 3)`, uint8, of an SVG by Graphviz, on white.

    Args:
        svg: of the shapes that Graphviz writes: polygons, paths of cubic curves, ellipses, lines of text.
        scale: pixels for each point.
    """
    root = ET.fromstring(svg)
    left, top, width, height = (float(part) for part in root.get("viewBox", "0 0 1 1").split())
    graph = root.find(f"{_SVG}g")
    assert graph is not None
    moved = re.search(r"translate\(([-.\d]+)[ ,]([-.\d]+)\)", graph.get("transform", ""))
    shift = np.array([float(part) for part in moved.groups()] if moved else (0.0, 0.0)) - (left, top)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    image = Image.new("RGB", (size[0] * _FINER, size[1] * _FINER), "white")
    pen = ImageDraw.Draw(image)
    for element in graph.iter():
        _draw(pen, element, shift, scale * _FINER)
    return np.asarray(image.resize(size, Image.Resampling.BOX))


def _draw(pen: ImageDraw.ImageDraw, element: ET.Element, shift: Array, scale: float) -> None:
    kind = element.tag.removeprefix(_SVG)
    if kind == "text":
        place = (np.array([float(element.get("x", 0)), float(element.get("y", 0))]) + shift) * scale
        anchor = {"start": "ls", "end": "rs"}.get(element.get("text-anchor", ""), "ms")
        # the font is wider than the one that Graphviz assumes
        font, arrow = _font(round(float(element.get("font-size", 10)) * scale * 0.9))
        words = (element.text or "").replace("→", arrow)
        pen.text(tuple(place), words, element.get("fill", "black"), font, anchor)
        return
    if kind == "polygon":
        points = _points(element.get("points", ""))
    elif kind == "path":
        points = _flattened(_points(element.get("d", "")))
    elif kind == "ellipse":
        cx, cy, rx, ry = (float(element.get(name, 0)) for name in ("cx", "cy", "rx", "ry"))
        turn = np.linspace(0, 2 * np.pi, 49)
        points = np.stack([cx + rx * np.cos(turn), cy + ry * np.sin(turn)], axis=1)
    else:
        return
    corners = [(float(x), float(y)) for x, y in (points + shift) * scale]
    fill, stroke = _colour(element.get("fill")), _colour(element.get("stroke"))
    if fill and len(corners) > 2:
        pen.polygon(corners, fill)
    if stroke:
        width = max(1, round(float(element.get("stroke-width", 1)) * scale))
        pen.line(corners, stroke, width, joint="curve")


def _points(text: str) -> Array:
    """Return all coordinates in order: the corners of a polygon; for a path one point, then three a curve."""
    return np.array([float(number) for number in re.findall(r"-?\d+\.?\d*", text)]).reshape(-1, 2)


def _flattened(points: Array) -> Array:
    """Turn a path of cubic curves into one of short lines."""
    ends = range(0, len(points) - 3, 3)
    return np.concatenate([points[:1], *(_CURVE @ points[start : start + 4] for start in ends)])


def _colour(name: str | None) -> str | None:
    return None if name in (None, "none", "transparent") else name


@functools.cache
def _font(size: int) -> tuple[ImageFont.FreeTypeFont | ImageFont.ImageFont, str]:
    """Return a font, and an arrow in it: the system's DejaVu has many scripts, Pillow's own Latin alone."""
    try:
        return ImageFont.truetype("DejaVuSans.ttf", size), "→"
    except OSError:
        return ImageFont.load_default(size), "->"
