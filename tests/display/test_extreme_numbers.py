"""Charts and texts of numbers near the ends of double precision, which any document may hold."""

from __future__ import annotations

import itertools
import math
import random
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable

import pytest

from nasframe.display import (
    Bars,
    Cloud,
    Column,
    Estimate,
    Figure,
    HeatMap,
    Histogram,
    Interval,
    IntervalChart,
    Level,
    Line,
    LineChart,
    ScatterChart,
    Table,
    ValueGrid,
)
from nasframe.display.charts.axis import Axis, Scale
from nasframe.display.values import format_together, format_value, number, sparkline

LARGEST = 1.7976931348623157e308
EXTREMES = (LARGEST, -LARGEST, 1e308, -1e308, 1e200, 1e16, 5e-324, -5e-324, 1e-308, 0.0, 1.0, -1.0, 0.5)
SCALES: tuple[Scale, ...] = ("linear", "log", "symlog")


@pytest.mark.parametrize("scale", SCALES)
def test_an_axis_around_any_numbers_has_few_labels_and_a_place_for_each(scale: Scale) -> None:
    for count in (1, 2, 3):
        for values in itertools.combinations(EXTREMES, count):
            axis = Axis.around(values, scale=scale)
            ticks = axis.ticks()
            assert 0 < len(ticks) < 30, values
            places = [axis.share(value) for value in (*values, *(value for value, _ in ticks))]
            assert all(-1e-2 <= place <= 1 + 1e-2 for place in places), values


def test_a_number_far_off_an_axis_with_given_ends_has_a_finite_place() -> None:
    assert Axis.around([1e308, -1e308], low=0.5, high=1.0).share(1e308) == 1e6
    assert Axis.around([1e308], low=1e17, high=1e17).share(1e17) == 0


def test_an_axis_of_negative_numbers_alone_holds_them_on_a_scale_that_is_logarithmic_on_both_sides() -> None:
    axis = Axis.around([-5.0, -2.0], scale="symlog")
    assert 0 <= axis.share(-5.0) < axis.share(-2.0) <= 1


def line_chart(draw: Callable[[], float], scale: Scale) -> Figure:
    points = [(float(place), draw()) for place in range(4)]
    ends = [sorted((draw(), draw())) for _ in points]
    lines = [
        Line("a", points, [low for low, _ in ends], [high for _, high in ends]),
        Line("b", [(draw(), draw()) for _ in range(3)], has_bars=True),
    ]
    levels = [Level("l", draw(), draw(), draw())]
    return LineChart(name="c", title="C", lines=lines, x="x", y="y", levels=levels, y_scale=scale)


def interval_chart(draw: Callable[[], float], scale: Scale) -> Figure:
    rows = [Interval(f"{place}", Estimate(draw(), draw(), draw(), {"0": draw()})) for place in range(3)]
    return IntervalChart(name="c", title="C", intervals=rows, x="x", scale=scale)


def scatter_chart(draw: Callable[[], float], scale: Scale) -> Figure:
    clouds = [Cloud("a", [(draw(), draw()) for _ in range(3)])]
    return ScatterChart(name="c", title="C", clouds=clouds, x="x", y="y", x_scale=scale, y_scale=scale)


def histogram(draw: Callable[[], float], scale: Scale) -> Figure:
    return Histogram(name="c", title="C", series=[Bars("a", [draw() for _ in range(5)])], x="x")


def value_grid(draw: Callable[[], float], scale: Scale) -> Figure:
    values = [[Estimate(draw(), draw(), draw()) for _ in "xy"] for _ in "12"]
    return ValueGrid(name="c", title="C", values=values, rows=("a", ["1", "2"]), columns=("b", ["x", "y"]))


def heat_map(draw: Callable[[], float], scale: Scale) -> Figure:
    low, high = sorted((draw(), draw()))
    rows = {"part": {"a": [draw(), None, draw()]}}
    return HeatMap(name="c", title="C", rows=rows, x="x", low=low, high=high)


@pytest.mark.parametrize(
    "chart", [line_chart, interval_chart, scatter_chart, histogram, value_grid, heat_map]
)
def test_a_chart_of_any_numbers_is_drawn_at_finite_places(
    chart: Callable[[Callable[[], float], Scale], Figure],
) -> None:
    drawn = random.Random(0)
    for turn in range(300):
        figure = chart(lambda: drawn.choice(EXTREMES), SCALES[turn % 3])
        for text in (figure.to_svg(), figure.to_html()):
            assert not re.search(r"\b(nan|inf)\b", text), text
        ElementTree.fromstring(figure.to_svg())
        assert all((figure.to_text(), figure.to_csv(), figure.to_json()))


@pytest.mark.parametrize("unit", ["", "s", "count", "%", "short", "setting"])
def test_any_number_has_a_short_text(unit: str) -> None:
    for value in EXTREMES:
        assert math.isfinite(value)
        assert len(format_value(value, unit)) < 40, value
        number(value, unit)
        format_together([value, 0.5, -value], unit)
        format_value(int(value), unit)


def test_tables_and_small_lines_of_any_numbers_are_shown() -> None:
    for values in itertools.combinations(EXTREMES, 3):
        table = Table("t", "T", [Column("a"), Column("b")], [[Estimate(*values), values[0]]])
        for text in (table.to_text(), table.to_html(), table.to_csv()):
            assert not re.search(r"\b(nan|inf)\b", text), text
        sparkline(values)
