"""A scatter chart."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from nasframe.report.charts.frame import Frame, legend, mark, span
from nasframe.report.markup import esc, figure

__all__ = ["Cloud", "scatter"]


@frozen
class Cloud:
    """Named points; `small` is for many of them in the background."""

    name: str
    points: Sequence[tuple[float, float]]
    labels: Sequence[str] = ()
    small: bool = False


def scatter(clouds: Sequence[Cloud], *, title: str, x: str, y: str, caption: str = "") -> str:
    """Return a figure; empty where there is no point."""
    clouds = [cloud for cloud in clouds if cloud.points]
    if not clouds:
        return ""
    points = [point for cloud in clouds for point in cloud.points]
    frame = Frame(span(point[0] for point in points), span(point[1] for point in points), x, y)
    content = ""
    for number, cloud in sorted(enumerate(clouds), key=lambda item: not item[1].small):
        for index, (a, b) in enumerate(cloud.points):
            name = cloud.labels[index] if cloud.labels else cloud.name
            content += (
                f'<g class="{mark(number)}">{_shape(number, frame.across(a), frame.down(b), cloud.small)}'
                f"<title>{esc(name)}: {a:,.6g}, {b:.6g}</title></g>"
            )
    sizes = ", ".join(f"{len(cloud.points)} of {cloud.name}" for cloud in clouds)
    chart = frame.draw(content, f"{title}: {sizes}")
    names = legend_of_points([cloud.name for cloud in clouds])
    return f"<div><h3>{esc(title)}</h3>{figure(chart, esc(caption))}{names}</div>"


def legend_of_points(names: Sequence[str]) -> str:
    """Return the legend of several clouds; empty for a single one."""
    if not legend(names):
        return ""
    items = "".join(
        f'<li class="s{number % 6}"><svg aria-hidden="true" viewBox="0 0 30 12">'
        f"{_shape(number, 15, 6, False)}</svg>{esc(name)}</li>"
        for number, name in enumerate(names)
    )
    return f'<ul class="legend">{items}</ul>'


def _shape(number: int, x: float, y: float, small: bool) -> str:
    """Return a circle, square, triangle or diamond, so that clouds differ without colours too."""
    if small:
        return f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="2.8" style="stroke:none;opacity:.55"/>'
    path = (
        "m-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
        "m-4.5 -4.5h9v9h-9z",
        "m0 -5.5l5.5 10h-11z",
        "m0 -6l6 6l-6 6l-6 -6z",
    )[number % 4]
    return f'<path class="dot" d="M{x:.1f} {y:.1f}{path}"/>'
