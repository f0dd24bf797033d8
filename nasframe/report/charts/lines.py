"""A line chart, with a band or points where there are several seeds."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from nasframe.report.charts.frame import Frame, Range, legend, mark, span
from nasframe.report.markup import esc, figure

__all__ = ["Line", "line_chart"]

Point = tuple[float, float]


@frozen
class Line:
    """A named line.

    Attributes:
        name: for the legend.
        points: (x, y), in order.
        low, high: ends of the band around it at each x; empty for no band.
        dots: more points, such as those of single seeds.
    """

    name: str
    points: Sequence[Point]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    dots: Sequence[Point] = ()


def line_chart(
    lines: Sequence[Line],
    *,
    title: str,
    x: str,
    y: str,
    zero: bool = False,
    top: float | None = None,
    names: Sequence[tuple[float, str]] = (),
    epochs: bool = True,
    follows: bool = False,
    caption: str = "",
) -> str:
    """Return a figure, or a sentence where no line has a point.

    Args:
        lines: in the order of the legend.
        title: text above the figure; with the ends of each line it is read out to those who cannot see.
        x, y: names of the axes.
        zero: True where the vertical axis begins at zero.
        top: end of the vertical axis, if it is known.
        names: labels of places on the horizontal axis, instead of numbers.
        epochs: True where the horizontal axis has whole numbers only.
        follows: True where the slider of the epochs moves a mark over the chart.
        caption: text below the figure.
    """
    lines = [line for line in lines if line.points]
    heading = f"<h3>{esc(title)}</h3>"
    if not lines:
        return f'<div>{heading}<p class="note">Nothing was recorded.</p></div>'
    ys = [
        value
        for line in lines
        for value in (*(p[1] for p in line.points), *line.low, *line.high, *(p[1] for p in line.dots))
    ]
    xs = [point[0] for line in lines for point in line.points]
    room = 0.5 if names else 0.0
    across = (
        Range(min(xs) - room, max(xs) + room) if max(xs) > min(xs) or names else Range(xs[0] - 1, xs[0] + 1)
    )
    frame = Frame(across, span(ys, zero=zero, top=top), x, y, names=names, whole=epochs)
    content = frame.now() if follows else ""
    for number, line in enumerate(lines):
        if line.low:
            places = [point[0] for point in line.points]
            upper = list(zip(places, line.high, strict=True))
            lower = list(zip(places, line.low, strict=True))[::-1]
            content += f'<path class="band {mark(number)}" d="{frame.path([*upper, *lower])}Z"/>'
    for number, line in enumerate(lines):
        content += f'<path class="line {mark(number)}" d="{frame.path(line.points)}"/>'
        ends = line.points if len(line.points) <= 12 else line.points[-1:]
        content += _dots(frame, line.dots, number, "open", 3) + _dots(frame, ends, number, "", 3.5)
    ends_text = ", ".join(
        f"{line.name} from {line.points[0][1]:.4g} to {line.points[-1][1]:.4g}" for line in lines
    )
    chart = frame.draw(content, f"{title}: {ends_text}")
    return f"<div>{heading}{figure(chart, esc(caption))}{legend([line.name for line in lines])}</div>"


def _dots(frame: Frame, points: Sequence[Point], number: int, kind: str, radius: float) -> str:
    return "".join(
        f'<circle class="dot {kind} {mark(number)}" cx="{frame.across(x):.1f}" cy="{frame.down(y):.1f}" '
        f'r="{radius}"><title>{x:g}: {y:.6g}</title></circle>'
        for x, y in points
    )
