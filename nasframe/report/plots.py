"""Plots as inline SVG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["STYLE", "line_plot"]

STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: it can be searched, and follows the page's font
    "svg.hashsalt": "nasframe",  # the same plot gives the same file
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
"""What every plot of nasframe looks like."""


def line_plot(
    lines: Mapping[str, Sequence[tuple[float, float]]], *, title: str, x: str, y: str, zero: bool = False
) -> str:
    """An SVG element with one line for each name, of (x, y) points.

    Args:
        lines: name → points, in order.
        title: above the plot, and its description for those who do not see it.
        x: label of the horizontal axis.
        y: label of the vertical axis.
        zero: whether the vertical axis begins at zero.
    """
    # Imported where it is used: it takes most of a second, and few commands draw.
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with rc_context(STYLE):
        figure = Figure(figsize=(5.2, 3.0), layout="constrained")
        axes = figure.add_subplot()
        for name, points in lines.items():
            axes.plot([point[0] for point in points], [point[1] for point in points], marker=".", label=name)
        axes.set(title=title, xlabel=x, ylabel=y)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if zero:
            axes.set_ylim(0, 1.05 * max(point[1] for points in lines.values() for point in points))
        if len(lines) > 1:
            axes.legend(frameon=False)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    content = buffer.getvalue()
    return content[content.index("<svg") :].replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)
