"""A chart with a row for each mean and its interval."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from nasframe.report.charts.frame import SERIES, span, tick
from nasframe.report.markup import esc, figure, shown, svg_text

__all__ = ["Interval", "interval_chart"]

_ROW = 27
_LONGEST = 34


@frozen
class Interval:
    """A row: a mean, its interval where there is one, and the values of single seeds."""

    name: str
    mean: float
    low: float | None = None
    high: float | None = None
    values: Sequence[float] = ()
    series: int = 0


def interval_chart(
    rows: Sequence[Interval], *, title: str, x: str, caption: str = "", zero: bool = False
) -> str:
    """Return a figure; with `zero`, there is a line at zero. Empty where there is no row."""
    ends = [
        value for row in rows for value in (row.mean, row.low, row.high, *row.values) if value is not None
    ]
    if not ends:
        return ""
    across = span([*ends, 0.0] if zero else ends)
    names = [row.name if len(row.name) <= _LONGEST else f"{row.name[: _LONGEST - 1]}…" for row in rows]
    left, width = max(map(len, names)) * 6.6 + 14, 560
    height = _ROW * len(rows) + 46

    def place(value: float) -> float:
        return left + (width - left - 62) * across.share(value)

    bottom = _ROW * len(rows) + 6
    parts = [f'<path class="rule" d="M{place(value):.1f} 4V{bottom}"/>' for value in across.ticks(5)]
    parts += [svg_text(place(value), bottom + 15, tick(value), anchor="middle") for value in across.ticks(5)]
    if zero:
        parts.append(f'<path class="axis" d="M{place(0):.1f} 4V{bottom}"/>')
    parts.append(svg_text((left + width - 62) / 2, bottom + 34, x, anchor="middle"))
    for index, row in enumerate(rows):
        y = 6 + _ROW * (index + 0.5)
        parts.append(svg_text(0, y + 4, names[index], classes="name"))
        parts.append(f'<g class="s{row.series % SERIES}">')
        parts += [
            f'<circle class="dot open" cx="{place(value):.1f}" cy="{y:.1f}" r="2.5" opacity=".75"/>'
            for value in row.values
        ]
        if row.low is not None and row.high is not None:
            a, b = place(row.low), place(row.high)
            parts.append(f'<path class="line" d="M{a:.1f} {y - 5:.1f}v10m0-5H{b:.1f}m0-5v10"/>')
        parts.append(
            f'<circle class="dot" cx="{place(row.mean):.1f}" cy="{y:.1f}" r="5">'
            f"<title>{esc(row.name)}: {row.mean!r}</title></circle></g>"
            + svg_text(width - 2, y + 4, shown(row.mean), anchor="end", classes="value")
        )
    means = ", ".join(f"{row.name} {row.mean:.4g}" for row in rows)
    chart = (
        f'<svg class="chart wide" role="img" aria-label="{esc(f"{title}: {means}")}" '
        f'viewBox="0 0 {width} {height}">{"".join(parts)}</svg>'
    )
    return f"<div><h3>{esc(title)}</h3>{figure(chart, esc(caption))}</div>"
