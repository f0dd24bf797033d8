"""The colours of pages and charts: one palette with a light and a dark form of every colour."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from markupsafe import Markup

from nasframe.display.rendering import asset

__all__ = ["PALETTE", "SERIES", "document_style", "page_style"]

SERIES = 6
"""The number of colours of series, and of their dashes; of 36 series no two look alike."""

PALETTE: Mapping[str, tuple[str, str]] = {
    "page": ("#f6f7f9", "#11151b"),
    "panel": ("#ffffff", "#181e26"),
    "sunken": ("#f1f3f6", "#10141a"),
    "ink": ("#1b2330", "#e7ebf1"),
    "muted": ("#566072", "#a3aebd"),
    "line": ("#dfe3e9", "#2d3744"),
    "accent": ("#0a5ea8", "#74b9ff"),
    "edge": ("#b9c1cc", "#4a586c"),
    "tint": ("#e7f1fb", "#1b2d42"),
    "bad": ("#a3270f", "#ff9c85"),
    # of the series: told apart by colour-blind people too
    "c0": ("#0a6ab3", "#5ab4f0"),
    "c1": ("#c4500a", "#f7914d"),
    "c2": ("#067a5b", "#45cba3"),
    "c3": ("#99427e", "#e59acb"),
    "c4": ("#75650a", "#dccb5c"),
    "c5": ("#4c5b73", "#aebcd2"),
    "heat": ("#08519c", "#6db7f7"),
    "cold": ("#f0f3f7", "#1d2631"),
}
"""Name of a colour → its light and its dark form."""


@functools.cache
def page_style() -> Markup:
    """Return the style of tables' and figures' pages: the palette as variables, and the classes of charts."""
    names = "".join(f"  --{name}: light-dark({light}, {dark});\n" for name, (light, dark) in PALETTE.items())
    return Markup(f":root {{\n  color-scheme: light dark;\n{names}}}\n") + asset(
        "nasframe.display", "charts.css"
    )


@functools.cache
def document_style(*, is_light: bool = False) -> str:
    """Return the style of a chart in a file of its own.

    Colours are written out, as few programs but browsers know the variables of CSS.

    Args:
        is_light: it is printed, so it has no dark form.
    """
    light, dark = (_with_colours(asset("nasframe.display", "charts.css"), side) for side in (0, 1))
    if is_light:
        return light
    coloured = "".join(re.findall(r"^[^{}@]+\{[^{}]*(?:fill|stroke|color): #[^{}]*\}\n", dark, flags=re.M))
    return f"{light}@media (prefers-color-scheme: dark) {{\n{coloured}}}\n"


def _with_colours(style: str, side: int) -> str:
    found = re.sub(r"var\(--(\w+)\)", lambda match: PALETTE[match[1]][side], style)
    return re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}\n?", "", found)
