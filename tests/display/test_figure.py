"""A figure: its page, its file, its data."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from typing import Any

import pytest

from nasframe.display import Level, Line, LineChart, PanelGrid
from nasframe.display.charts.axis import Axis

SVG = "{http://www.w3.org/2000/svg}"


def chart(**more: Any) -> LineChart:
    first = Line("a < b", [(1, 0.9), (10, 0.3), (100, 0.01)], low=[0.8, 0.2, 0.005], high=[1, 0.4, 0.02])
    given = {"name": "loss", "title": "Loss & more", "x": "K", "y": "loss", **more}
    return LineChart(**{"lines": [first, Line("other", [(1, 0.5), (100, 0.4)])], **given})


def parts(svg: str, tag: str, kind: str) -> list[ElementTree.Element]:
    """Elements of a document that have a CSS class."""
    root = ElementTree.fromstring(svg.encode())
    return [item for item in root.iter(f"{SVG}{tag}") if kind in (item.get("class") or "").split()]


def test_a_file_is_a_whole_document_with_its_title_and_its_legend() -> None:
    svg = chart(caption="as < is").to_svg()
    root = ElementTree.fromstring(svg.encode())
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert (root.get("aria-label") or "").startswith("Loss & more: a < b from 0.9 to 0.01")
    texts = [item.text for item in root.iter(f"{SVG}text")]
    assert {"Loss & more", "a < b", "other", "K", "loss"} <= set(texts)
    assert root.findtext(f"{SVG}desc") == "as < is"


def test_a_file_has_its_own_colours_for_light_and_dark() -> None:
    style = ElementTree.fromstring(chart().to_svg().encode()).findtext(f"{SVG}style") or ""
    assert "var(" not in style
    assert "light-dark(" not in style
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    assert ".s0 { color: #0a6ab3; }" in light
    assert ".s0 { color: #5ab4f0; }" in dark
    assert ".sheet { fill: #ffffff; }" in light


def test_a_page_has_the_title_as_a_heading_and_a_box_that_the_keyboard_scrolls() -> None:
    html = chart().to_html()
    assert "<h3>Loss &amp; more</h3>" in html
    assert 'tabindex="0" role="group" aria-label="Loss &amp; more"' in html
    assert "<style" not in html
    assert html.count("<li>") == 2


def test_a_single_line_needs_no_legend() -> None:
    assert not chart(lines=[Line("a", [(1, 2.0)])]).legend()


def test_a_figure_without_data_says_so() -> None:
    nothing = chart(lines=[Line("a", [])])
    assert nothing.is_empty
    assert "Nothing was recorded." in nothing.to_html()
    assert "Nothing was recorded." in nothing.to_svg()
    ElementTree.fromstring(nothing.to_svg().encode())
    assert nothing.to_json()["rows"] == []


def test_the_data_have_a_row_for_each_point_with_its_interval() -> None:
    found = chart(levels=[Level("level", 0.5, 0.4, 0.6)], x_names=[(1.0, "one")]).to_json()
    assert found["rows"][0] == {"line": "a < b", "x": "one", "y": 0.9, "low": 0.8, "high": 1}
    assert found["rows"][3] == {"line": "other", "x": "one", "y": 0.5, "low": None, "high": None}
    assert found["rows"][-1] == {"line": "level", "x": None, "y": 0.5, "low": 0.4, "high": 0.6}
    assert chart().to_csv().startswith("line,x,y,low,high\r\na < b,1,0.9,0.8,1\r\n")


def test_the_band_between_the_smallest_and_the_largest_value_has_names_of_its_own_in_the_data() -> None:
    lines = [
        Line("spread", [(1, 0.5)], [0.4], [0.6], is_range=True),
        Line("interval", [(1, 0.7)], [0.65], [0.75]),
    ]
    assert chart(lines=lines).to_csv().splitlines() == [
        "line,x,y,low,high,min,max",
        "spread,1,0.5,,,0.4,0.6",
        "interval,1,0.7,0.65,0.75,,",
    ]


def test_the_text_shows_the_course_of_each_line() -> None:
    lines = chart().to_text(indent="  ").splitlines()
    assert lines[0] == "Loss & more"
    assert lines[2].split() == ["a", "<", "b", "█▃▁", "0.9000", "0.0100"]


# -- axes -----------------------------------------------------------------------------------------------


def test_equal_factors_are_equal_steps_of_a_logarithmic_axis() -> None:
    axis = Axis.around([0.01, 100.0], scale="log")
    steps = [axis.share(10.0**power) for power in range(-2, 3)]
    assert [b - a for a, b in pairwise(steps)] == pytest.approx([steps[1] - steps[0]] * 4)
    assert [name for _, name in axis.ticks()] == ["0.01", "0.1", "1", "10", "100"]


def test_a_logarithmic_axis_with_a_zero_is_linear_up_to_the_least_positive_value() -> None:
    axis = Axis.around([0.0, 0.01, 10.0], scale="log")
    assert axis.scale == "symlog"
    assert axis.share(0.0) == 0.0
    assert axis.share(0.005) == pytest.approx(axis.share(0.01) / 2)
    assert axis.share(1.0) - axis.share(0.1) == pytest.approx(axis.share(10.0) - axis.share(1.0))
    assert [name for _, name in axis.ticks(8)] == ["0", "0.01", "0.1", "1", "10"]


def test_a_symmetric_logarithmic_axis_has_both_signs() -> None:
    axis = Axis("", -100.0, 100.0, scale="symlog", threshold=1.0)
    assert axis.share(0.0) == pytest.approx(0.5)
    assert axis.share(-10.0) == pytest.approx(1 - axis.share(10.0))
    assert {name for _, name in axis.ticks()} >= {"-100", "0", "100"}


@pytest.mark.parametrize("scale", ["linear", "log", "symlog"])
@pytest.mark.parametrize("values", [[], [0.0], [3.0], [-2.0, 5.0], [1e-9, 1e9], [0.0, 0.0], [float("nan")]])
def test_every_axis_has_room_for_its_values_and_labels_within_it(scale: Any, values: list[float]) -> None:
    axis = Axis.around(values, scale=scale)
    places = [axis.share(value) for value in values if value == value]
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in places)
    assert axis.ticks()
    assert all(-1e-9 <= axis.share(value) <= 1 + 1e-9 for value, _ in axis.ticks())


def test_whole_numbers_have_whole_labels() -> None:
    assert [name for _, name in Axis("", 1, 4, is_whole=True).ticks()] == ["1", "2", "3", "4"]


# -- lines ----------------------------------------------------------------------------------------------


def test_an_interval_is_a_band_or_bars_at_the_points() -> None:
    svg = chart().to_svg()
    assert len(parts(svg, "path", "band")) == 1
    assert parts(svg, "path", "error") == []
    barred = Line("a", [(1, 0.5), (2, 0.6)], low=[0.4, 0.5], high=[0.6, 0.7], has_bars=True)
    svg = chart(lines=[barred]).to_svg()
    assert parts(svg, "path", "band") == []
    (bars,) = parts(svg, "path", "error")
    assert (bars.get("d") or "").count("V") == 2


def test_a_level_is_a_dashed_line_with_a_band_and_then_no_other_line_is_dashed() -> None:
    svg = chart(levels=[Level("level", 0.5, 0.4, 0.6, series=1), Level("none", None)]).to_svg()
    picture = parts(svg, "path", "line")
    assert len(parts(svg, "rect", "band")) == 1
    assert sum("level" in (item.get("class") or "") for item in picture) == 2, "the line and its sample"
    assert not any("d1" in (item.get("class") or "").split() for item in picture)
    assert parts(chart().to_svg(), "path", "d1")


def test_lines_stand_at_their_values_on_logarithmic_axes() -> None:
    drawn = chart(x_scale="log", y_scale="log", lines=[Line("a", [(1, 1.0), (10, 0.1), (100, 0.01)])])
    x, y = zip(
        *(
            (float(dot.get("cx") or 0), float(dot.get("cy") or 0))
            for dot in parts(drawn.to_svg(), "circle", "dot")
        ),
        strict=True,
    )
    assert x[1] - x[0] == pytest.approx(x[2] - x[1], abs=0.05)
    assert y[1] - y[0] == pytest.approx(y[2] - y[1], abs=0.05)


# -- several panels -------------------------------------------------------------------------------------


def grid() -> PanelGrid:
    empty = chart(title="nothing", lines=[])
    figures = [chart(title="one"), empty, chart(title="two"), chart(title="three")]
    return PanelGrid(name="grid", title="All", figures=figures, columns=2)


def test_panels_share_one_legend_and_those_without_data_are_left_out() -> None:
    assert [entry.name for entry in grid().legend()] == ["a < b", "other"]
    html = grid().to_html()
    assert html.count('<svg class="chart"') == 3
    assert html.count("<li>") == 2
    texts = [item.text for item in ElementTree.fromstring(grid().to_svg().encode()).iter(f"{SVG}text")]
    assert [text for text in texts if text in ("one", "nothing", "two", "three")] == ["one", "two", "three"]
    assert texts.count("other") == 1


def test_the_data_of_panels_name_their_panel() -> None:
    rows = grid().data().rows
    assert [row[0] for row in rows] == ["one"] * 5 + ["two"] * 5 + ["three"] * 5


def test_panels_without_any_data_say_so() -> None:
    nothing = PanelGrid(name="grid", title="All", figures=[chart(lines=[])])
    assert nothing.is_empty
    assert "Nothing was recorded." in nothing.to_html()
    ElementTree.fromstring(nothing.to_svg().encode())


def test_a_point_that_is_not_finite_is_left_out_of_the_drawing_and_undefined_in_the_data() -> None:
    broken = chart(lines=[Line("a", [(1, 0.5), (2, float("nan")), (3, float("inf")), (4, 0.25)])])
    assert len(parts(broken.to_svg(), "circle", "dot")) == 2
    assert "nan" not in broken.to_svg()
    assert [row["y"] for row in broken.to_json()["rows"]] == [0.5, None, None, 0.25]
    assert chart(lines=[Line("a", [(1, float("nan"))])]).is_empty


def test_the_data_on_a_page_are_short_and_say_what_the_table_says() -> None:
    lines = [Line("a b", [(1, 1 / 3), (2, 0.5), (3, 0.5)]), Line("=c", [(1, 2e-9)])]
    found = LineChart(name="n", title="t", x="epoch", y="y", lines=lines)
    assert found.page_data().split("\n") == [
        *("line\tx\ty", "a b\t1\t0.333333", "=\t2\t0.5", "=\t3\t=", "'=c\t1\t2e-09"),
    ]
    assert 'data-table="line\tx\ty\na b' in str(found.to_html())


def test_a_page_has_no_data_of_a_figure_that_would_make_it_large() -> None:
    lines = [Line("a", [(x, x / 7) for x in range(5000)])]
    found = LineChart(name="n", title="t", x="x", y="y", lines=lines)
    assert found.page_data() == ""
    assert "data-table" not in str(found.to_html())
