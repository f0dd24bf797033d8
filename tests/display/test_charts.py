"""The kinds of figures besides lines: their drawings and their data."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from nasframe.display import (
    Bars,
    Cloud,
    Estimate,
    Figure,
    HeatMap,
    Histogram,
    Interval,
    IntervalChart,
    Level,
    Line,
    LineChart,
    Marker,
    PanelGrid,
    ScatterChart,
    ValueGrid,
)

SVG = "{http://www.w3.org/2000/svg}"


def scatter(**more: Any) -> ScatterChart:
    clouds = [
        Cloud("random <1>", [(900, 0.5), (950, 0.7)], is_small=True),
        Cloud("none", []),
        Cloud("searched", [(930, 0.9)], ["seed 0"]),
    ]
    given = {"name": "s", "title": "Scatter", "x": "size", "y": "auc", **more}
    return ScatterChart(**{"clouds": clouds, **given})


def histogram(**more: Any) -> Histogram:
    series = [Bars("left", [0.05, 0.1, 0.15, 1.0]), Bars("right", [-3.0, 0.95])]
    given = {"name": "h", "title": "Bars", "x": "score", "low": 0.0, "high": 1.0, "bins": 10, **more}
    return Histogram(**{"series": series, **given})


def intervals(**more: Any) -> IntervalChart:
    rows = [
        Interval("softmax", Estimate(0.6, 0.5, 0.8, {"0": 0.55, "1": None})),
        Interval("grmc", Estimate(0.9)),
        Interval("failed", Estimate(None)),
    ]
    return IntervalChart(**{"name": "i", "title": "Means", "x": "auc", "intervals": rows, **more})


def grid(**more: Any) -> ValueGrid:
    values = [[Estimate(0.5, 0.4, 0.7), Estimate(0.6)], [Estimate(0.9, 0.8, 0.95), Estimate(None)]]
    given = {"name": "g", "title": "Grid", "rows": ("a", ["1", "2"]), "columns": ("b", ["x", "y"]), **more}
    return ValueGrid(**{"values": values, "notes": [["", ""], ["", "failed"]], **given})


def heat(**more: Any) -> HeatMap:
    rows = {"N1": {"sum": [0.0, 0.5, 1.0], "zero": [1.0, 0.5, None]}, "N2": {"sum": [0.2, 0.2, 0.2]}}
    given = {"name": "m", "title": "Heat", "x": "epoch", "low": 0.5, "high": 3.5, "is_whole": True, **more}
    return HeatMap(**{"rows": rows, **given})


KINDS: dict[str, Figure] = {
    "scatter": scatter(),
    "histogram": histogram(),
    "intervals": intervals(),
    "grid": grid(),
    "heat": heat(),
}


def parts(figure: Figure, tag: str, *kinds: str) -> list[ElementTree.Element]:
    """Elements of the drawing, without its legend, that have CSS classes."""
    drawing = ElementTree.fromstring(f'<svg xmlns="{SVG[1:-1]}">{figure.picture().content}</svg>')
    found = drawing.iter(f"{SVG}{tag}")
    return [item for item in found if set(kinds) <= {*(item.get("class") or "").split()}]


def texts(figure: Figure) -> list[str]:
    return [item.text or "" for item in parts(figure, "text")]


def titles(figure: Figure) -> list[str]:
    return [item.text or "" for item in parts(figure, "title")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_whole_document_and_a_part_of_a_page(kind: str) -> None:
    figure = KINDS[kind]
    root = ElementTree.fromstring(figure.to_svg().encode())
    assert len(root.get("aria-label") or "") > 8
    html = figure.to_html()
    assert f"<h3>{figure.title}</h3>" in html
    ElementTree.fromstring(f"<div>{html}</div>")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_data_as_rows_and_as_text(kind: str) -> None:
    figure = KINDS[kind]
    assert figure.data().rows
    assert figure.to_csv().count("\r\n") == 1 + len(figure.data().rows)
    assert figure.to_text().startswith(f"{figure.title}\n")
    assert len(figure.to_json()["rows"]) == len(figure.data().rows)


@pytest.mark.parametrize("kind", KINDS)
def test_every_part_of_every_kind_stands_within_its_picture(kind: str) -> None:
    figure = KINDS[kind]
    picture = figure.picture()
    for item in [*parts(figure, "rect"), *parts(figure, "circle")]:
        x, y = (float(item.get(key) or item.get(f"c{key}") or 0) for key in ("x", "y"))
        assert 0 <= x <= picture.width
        assert 0 <= y <= picture.height


def test_kinds_without_values_say_so() -> None:
    empty: list[Figure] = [
        scatter(clouds=[Cloud("a", [])]),
        histogram(series=[Bars("a", [])]),
        intervals(intervals=[Interval("a", Estimate(None))]),
        heat(rows={}),
    ]
    for figure in empty:
        assert figure.is_empty
        assert "Nothing was recorded." in figure.to_html()
        ElementTree.fromstring(figure.to_svg().encode())


# -- scatter --------------------------------------------------------------------------------------------


def test_a_point_tells_its_name_and_numbers_and_small_ones_are_one_path_behind_it() -> None:
    assert titles(scatter()) == ["searched, seed 0: size 930, auc 0.9"]
    (small,), (large,) = parts(scatter(), "path", "points"), parts(scatter(), "path", "dot")
    assert (small.get("d") or "").count("h0") == 2
    assert "s1" in (large.get("class") or "").split()
    assert [entry.name for entry in scatter().legend()] == ["random <1>", "searched"]
    assert scatter().data().rows[-1] == ["searched", "seed 0", 930, 0.9]


def test_ten_thousand_small_points_are_a_small_picture() -> None:
    points = [(place, place % 97) for place in range(10_000)]
    assert len(scatter(clouds=[Cloud("random", points, is_small=True)]).picture().content) < 200_000


# -- histogram ------------------------------------------------------------------------------------------


def test_a_histogram_counts_values_and_those_outside_at_its_ends() -> None:
    first, second = histogram().counts()
    assert first == [1, 2, 0, 0, 0, 0, 0, 0, 0, 1]
    assert second == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert len(parts(histogram(), "rect", "bar")) == 5


def test_equal_values_are_one_bar() -> None:
    figure = histogram(series=[Bars("a", [0.5, 0.5])], low=None, high=None)
    assert sum(figure.counts()[0]) == 2
    assert len(parts(figure, "rect", "bar")) == 1


def test_a_mark_is_an_upright_line_with_its_name() -> None:
    figure = histogram(marks={"threshold 0.4": 0.4})
    assert len(parts(figure, "path", "threshold")) == 1
    assert "threshold 0.4" in texts(figure)


# -- intervals ------------------------------------------------------------------------------------------


def test_a_row_has_its_mean_its_interval_and_its_seeds_and_an_undefined_mean_has_none() -> None:
    assert len(parts(intervals(), "path", "error")) == 1
    assert len(parts(intervals(), "circle", "open")) == 1
    assert {"softmax", "grmc", "0.6000", "0.9000"} <= set(texts(intervals()))
    assert "failed" not in texts(intervals())


def test_a_long_name_has_two_lines_of_which_the_second_is_cut_and_is_told_in_full() -> None:
    figure = intervals(intervals=[Interval("random, best of 2 on validation", Estimate(0.5))])
    assert texts(figure)[:2] == ["random, best of 2 on", "validation"]
    name = "a variant with very many options in its name, of which most are left out"
    figure = intervals(intervals=[Interval(name, Estimate(0.5))])
    assert texts(figure)[:2] == ["a variant with very", "many options in its n…"]
    assert name in titles(figure)


def test_means_of_one_row_stand_below_each_other() -> None:
    kinds = ("supernet", "inherited", "trained")
    rows = [Interval("grmc", Estimate(0.5, 0.4, 0.6), place, kind) for place, kind in enumerate(kinds)]
    ends = [(bar.get("d") or "").split()[1] for bar in parts(intervals(intervals=rows), "path", "error")]
    assert len(set(ends)) == 3


def test_several_kinds_share_a_row_and_what_is_below_a_logarithmic_axis_is_an_arrow_at_its_end() -> None:
    rows = [
        Interval("grmc", Estimate(0.5, 0.0001, 1.0), 0, "τ = 0.1"),
        Interval("grmc", Estimate(1e-9), 1, "τ = 1"),
    ]
    figure = intervals(intervals=rows, scale="log", low=1e-3, rows=["softmax", "grmc"])
    assert [entry.name for entry in figure.legend()] == ["τ = 0.1", "τ = 1"]
    assert texts(figure).count("grmc") == 1
    assert "softmax" in texts(figure), "a row without a mean, as other panels have it"
    (arrow,) = parts(figure, "path", "dot", "open")
    (bar,) = parts(figure, "path", "error")
    left = float((arrow.get("d") or "").split()[0].removeprefix("M"))
    assert float((bar.get("d") or "").split()[0].removeprefix("M")) == pytest.approx(left)
    assert figure.data().rows[1] == ["grmc", "τ = 1", Estimate(1e-9)]


# -- a grid of values -----------------------------------------------------------------------------------


def test_a_cell_has_its_mean_its_interval_and_its_name_and_a_missing_one_its_state() -> None:
    found = texts(grid())
    assert {"0.5000", "0.4000 to 0.7000", "0.6000", "failed"} <= set(found)
    assert "a 2, b x: 0.9" in titles(grid())
    assert len(parts(grid(), "rect", "missing")) == 1


def test_a_larger_mean_is_darker_and_the_named_cell_has_a_frame() -> None:
    shades = [float(item.get("fill-opacity") or 0) for item in parts(grid(), "rect", "frame")]
    assert shades == sorted(shades)
    assert parts(grid(), "g", "framed") == []
    (framed,) = parts(grid(framed=(1, 0)), "g", "framed")
    assert [item.text for item in framed.iter(f"{SVG}text")] == ["0.9000", "0.8000 to 0.9500"]


def test_the_text_of_a_grid_is_a_table() -> None:
    assert grid().to_text().splitlines() == [
        "Grid",
        "a \\ b                        x       y",
        "1      0.5000 [0.4000, 0.7000]  0.6000",
        "2      0.9000 [0.8000, 0.9500]  failed",
    ]


# -- a heat map -----------------------------------------------------------------------------------------


def test_cells_of_one_shade_are_one_path_and_an_undefined_one_is_empty() -> None:
    found = parts(heat(), "path", "h")
    shades = {float(item.get("fill-opacity") or 0): item.get("d") or "" for item in found}
    assert {share: path.count("M") for share, path in shades.items()} == {0.2: 1, 0.5: 2, 1.0: 2}
    assert heat().data().rows[5] == ["N1", "zero", 3.0, None]


def test_parts_stand_below_their_name_and_a_single_part_is_not_written() -> None:
    assert [name for name in texts(heat()) if name in ("N1", "N2", "sum", "zero")].count("sum") == 2
    plain = heat(rows={"N1": {"sum": [0.1]}, "N2": {"sum": [0.2]}})
    assert "sum" not in texts(plain)
    assert {"N1", "N2"} <= set(texts(plain))


def test_of_many_parts_those_with_the_largest_shares_are_shown_and_the_others_as_their_sum() -> None:
    rows = {"pair": {f"p{part}": [0.1, part / 100] for part in range(8)}, "few": {"a": [0.5], "b": [0.5]}}
    rows["pair"]["p2"] = [0.9, None]
    shown = heat(rows=rows, most=3)
    names = [name for name in texts(shown) if name in {*rows["pair"], "a", "b", "5 others"}]
    assert sorted(names) == ["5 others", "a", "b", "p0", "p1", "p2"]
    assert "5 others" in shown.to_text()
    assert len(shown.data().rows) == 18  # all of them
    text = [line for line in shown.to_text().splitlines() if "5 others" in line]
    assert text[0].split()[-2:] == ["0.5000", "0.2500"]


def test_one_part_too_many_is_shown_as_it_is() -> None:
    rows = {"pair": {name: [0.25] for name in "abcd"}}
    assert {*"abcd"} <= {*texts(heat(rows=rows, most=3))}


def test_the_slider_of_the_epochs_has_a_mark_that_stands_in_the_middle_of_its_cell() -> None:
    (now,) = parts(heat(follows=True), "path", "now")
    start, step = map(float, (now.get("data-now") or "").split())
    grooves = parts(heat(), "path", "cold")[0].get("d") or ""
    left = float(grooves.partition(" ")[0].removeprefix("M"))
    assert start + step == pytest.approx(left + step / 2, abs=0.1)
    assert parts(heat(), "path", "now") == []


def test_shades_have_a_legend_where_they_are_shares() -> None:
    assert not heat().legend()
    assert [entry.name for entry in heat(has_legend=True).legend()] == ["0", "0.5", "1"]


# -- lines as other figures need them -------------------------------------------------------------------


def test_a_curve_has_a_guide_and_marked_points() -> None:
    figure = LineChart(
        name="roc",
        title="ROC curve",
        x="false",
        y="true",
        lines=[Line("all", [(0, 0), (0.2, 0.8), (1, 1)], is_bare=True)],
        guide=[(0, 0), (1, 1)],
        markers=[Marker("threshold 0.4", 0.2, 0.8, "0.8 found"), Marker("0.5", 0.9, 0.9, is_open=True)],
    )
    assert len(parts(figure, "path", "guide")) == 1
    assert len(parts(figure, "circle", "dot")) == 2
    assert "threshold 0.4" in texts(figure)
    assert "0.5" not in texts(figure)[-2:], "the open dot is told by the caption"
    assert titles(figure) == ["0.8 found", "0.5"]


def test_panels_over_k_have_error_bars_levels_and_one_legend_of_all_temperatures() -> None:
    """The figures of the laboratory of estimators: variance over K, a panel for each function."""

    def panel(title: str, scale: float) -> LineChart:
        places = [(1.0, "1"), (10.0, "10"), (100.0, "exact")]
        lines, levels = [], []
        for series, temperature in enumerate((0.1, 1.0)):
            ys = [scale, scale / 4, 1e-9 if temperature == 1.0 else scale / 8]
            points = [(x, y) for (x, _), y in zip(places, ys, strict=True)]
            low, high = [y * 0.9 for y in ys], [y * 1.1 for y in ys]
            lines.append(Line(f"GRMC, τ = {temperature:g}", points, low, high, series=series, has_bars=True))
            levels.append(Level(f"STGS, τ = {temperature:g}", scale, scale * 0.9, scale * 1.1, series))
        return LineChart(
            name=title,
            title=title,
            x="K",
            y="variance",
            x_scale="log",
            y_scale="log",
            y_least=1e-6,
            x_names=places,
            lines=lines,
            levels=levels,
        )

    figure = PanelGrid(name="p", title="Variance", figures=[panel("f", 1.0), panel("g", 0.01)], columns=2)
    assert len(figure.legend()) == 4
    assert len(parts(figure, "path", "error")) == 4
    assert len(parts(figure, "rect", "band")) == 4
    assert {"exact", "f", "g", "0"} <= set(texts(figure)), "what is about zero stands on the linear part"
    ElementTree.fromstring(figure.to_svg().encode())
    assert {row[0] for row in figure.data().rows} == {"f", "g"}


def test_twelve_lines_have_twelve_looks() -> None:
    lines = [Line(f"run {number}", [(1, number), (2, number)]) for number in range(12)]
    chart = LineChart(name="runs", title="Runs", x="epoch", y="auc", lines=lines)
    assert len({entry.sample for entry in chart.entries()}) == 12


def test_a_dashed_line_has_a_dot_at_its_end_alone_so_that_its_dashes_are_seen() -> None:
    points = [(float(epoch), 0.1 * epoch) for epoch in range(1, 6)]
    chart = LineChart(name="c", title="c", x="epoch", y="y", lines=[Line("a", points), Line("b", points)])
    assert len(parts(chart, "circle", "s0")) == 5
    assert len(parts(chart, "circle", "s1")) == 1


def test_a_point_that_a_later_cloud_hides_is_drawn_larger() -> None:
    clouds = [Cloud("a", [(1, 1), (2, 2)]), Cloud("b", [(1, 1)]), Cloud("c", [(1, 1), (3, 3)])]
    picture = str(scatter(clouds=clouds).picture().content)
    circles = re.findall(r'd="M[^"]*?m-([0-9.]+) 0a', picture)
    assert circles == ["10", "5"]  # two clouds lie on the first point, none on the second
    assert re.findall(r'd="M[^"]*?m-([0-9.]+) -', picture) == ["6.75"]
