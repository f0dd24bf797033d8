"""A histogram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from nasframe.report.charts.frame import Frame, Range, legend, mark
from nasframe.report.markup import esc, figure, svg_text

__all__ = ["Bars", "histogram"]


@frozen
class Bars:
    """The values of one series of a histogram."""

    name: str
    values: Sequence[float]


def histogram(
    kinds: Sequence[Bars],
    *,
    title: str,
    x: str,
    low: float,
    high: float,
    bins: int = 20,
    marks: Mapping[str, float] | None = None,
    y: str = "examples",
    caption: str = "",
) -> str:
    """Return a figure with the series in front of each other.

    Args:
        kinds: the series in the order of the legend; one without values has no bars.
        title: text above the figure.
        x: name of the values.
        low, high: ends of the axis; a value outside is counted at the end.
        bins: number of bars of each series.
        marks: name → a value that is marked by an upright line.
        y: name of the things that are counted.
        caption: text below the figure.
    """
    counts = []
    for kind in kinds:
        found = [0] * bins
        for value in kind.values:
            found[min(bins - 1, max(0, int((value - low) / (high - low) * bins)))] += 1
        counts.append(found)
    most = max((count for found in counts for count in found), default=1) or 1
    frame = Frame(Range(low, high), Range(0, most * 1.12), x, y, counts=True)
    content, base = "", frame.down(0)
    for number, (kind, found) in enumerate(zip(kinds, counts, strict=True)):
        for index, count in enumerate(found):
            if count:
                left = frame.across(low + (high - low) * index / bins)
                right = frame.across(low + (high - low) * (index + 1) / bins)
                top = frame.down(count)
                content += (
                    f'<rect class="bar {mark(number)}" x="{left + 0.5:.1f}" y="{top:.1f}" '
                    f'width="{right - left - 1:.1f}" height="{base - top:.1f}">'
                    f"<title>{esc(kind.name)}: {count}</title></rect>"
                )
    for row, (name, value) in enumerate((marks or {}).items()):
        place = frame.across(min(high, max(low, value)))
        anchor, shift = ("end", -5) if place > frame.width / 2 else ("start", 5)
        content += f'<path class="now" stroke-dasharray="4 3" d="M{place:.1f} 12V{base:.1f}"/>' + svg_text(
            place + shift, 22 + 14 * row, name, anchor=anchor, classes="name halo"
        )
    sizes = ", ".join(f"{len(kind.values)} {kind.name}" for kind in kinds)
    chart = frame.draw(content, f"{title}: {sizes}")
    names = legend([kind.name for kind in kinds], filled=True)
    return f"<div><h3>{esc(title)}</h3>{figure(chart, esc(caption))}{names}</div>"
