"""The pages of comparisons and sweeps, in a real browser."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from nasframe import Run
from nasframe.display import Estimate, Table
from nasframe.report import (
    comparison_tables,
    sweep_figures,
    sweep_tables,
    write_comparison_page,
    write_sweep_page,
)
from tests.report.studies import MESSAGE, comparison, sweep

Look = Callable[..., Any]


def value(page: Any, key: str) -> float:
    return float(page.locator(f"[data-key='{key}']").get_attribute("value"))


def titles(page: Any) -> list[str]:
    found: list[str] = page.evaluate("[...document.querySelectorAll('h2')].map((head) => head.textContent)")
    return found


# -- a comparison ---------------------------------------------------------------------------------------


def test_a_comparison_shows_every_mean_in_full(compared: Path, look: Look) -> None:
    data = json.loads((compared / "comparison.json").read_text(encoding="utf-8"))
    page = look(compared / "report.html")
    for row in data["rows"]:
        for metric, found in row["values"].items():
            assert value(page, f"results.{row['name']}.{metric}") == found["mean"]


def test_the_best_test_mean_is_not_bold_and_the_page_says_what_bold_is_worth(
    compared: Path, look: Look
) -> None:
    page = look(compared / "report.html")
    bold = page.evaluate("[...document.querySelectorAll('.best data')].map((item) => item.dataset.key)")
    assert "results.grmc.auc_validation" in bold
    assert not any(key.endswith(".auc") for key in bold), "nobody should choose by the test split"
    assert "results.late fusion.parameters" in bold
    assert not any(key.endswith(".acc") for key in bold), "nobody knows whether more of it is better"
    assert "does not say that it is better" in page.locator("#results").text_content()


def test_intervals_and_tests_are_shown(compared: Path, look: Look) -> None:
    page = look(compared / "report.html")
    row = page.get_by_role("row", name="softmax").first
    assert "0.6000 to 0.6200" in row.text_content()
    tests = page.locator("#paired-tests").text_content()
    assert "grmc − softmax" in tests
    assert "0.1230" in tests
    assert "0.2460" in tests


def test_the_gap_the_table_of_the_space_and_the_caveats_are_shown(compared: Path, look: Look) -> None:
    page = look(compared / "report.html")
    assert value(page, "gap.grmc.inherited") == pytest.approx(0.8)
    assert value(page, "gap.grmc.lost") == pytest.approx(0.1)
    assert value(page, "percentiles.softmax-0.test") == 62.5
    assert value(page, "correlation.softmax.rho") == 0.42
    assert page.get_by_text("No two variants differ significantly.").count() == 1
    row = page.locator("tr").filter(has=page.locator('[data-key="correlation.softmax.rho"]'))
    assert row.text_content().endswith("seeds33")


def test_each_table_of_a_space_has_its_own_scores_and_variants(run: Run, tmp_path: Path, look: Look) -> None:
    data = comparison(run, tmp_path)
    (one,) = data["tables"]
    other = {**one, "path": "another", "architectures": 7, "variants": ["grmc"]}
    for table, variant in ((one, "softmax"), (other, "grmc")):
        table["variants"] = [variant]
        table["percentiles"] = {
            name: found for name, found in table["percentiles"].items() if name.startswith(variant)
        }
    other["correlation"] = {}
    other["scores"] = {"validation": [0.25] * 7, "test": [0.25] * 7, "parameters": [5] * 7}
    data["tables"].append(other)
    write_comparison_page(data, tmp_path)
    page = look(tmp_path / "report.html")
    section = page.locator("#the-table-of-the-space")
    heads = section.locator("h3").filter(has_text="For ").all_text_contents()
    assert heads == ["For softmax", "For grmc"]
    text = section.text_content()
    assert "40 random architectures" in text
    assert "7 random architectures" in text
    shown = section.locator("[data-key^=percentiles]").evaluate_all("all => all.map(a => a.dataset.key)")
    assert {key.partition(".")[2].partition("-")[0] for key in shown} == {"softmax", "grmc"}
    assert len(shown) == len(set(shown))


def test_every_best_mean_of_a_column_is_bold_and_a_column_without_differences_has_none(
    run: Run, tmp_path: Path, look: Look
) -> None:
    data = comparison(run, tmp_path)
    data["metrics"] = [data["objective"], "parameters", "multiply_adds"]
    means = {"parameters": [7, 5, 5], "multiply_adds": [9, 9, 9]}
    for number, row in enumerate(data["rows"]):
        for metric, values in means.items():
            row["values"][metric] = {"mean": values[min(number, 2)], "low": None, "high": None}
    write_comparison_page(data, tmp_path)
    page = look(tmp_path / "report.html")
    bold = page.locator("#results .best data").evaluate_all("all => all.map(a => a.dataset.key)")
    names = [row["name"] for row in data["rows"]]
    assert {key for key in bold if key.endswith(".parameters")} == {
        f"results.{name}.parameters" for name in names[1:]
    }
    assert not [key for key in bold if key.endswith(".multiply_adds")]


def test_a_comparison_of_tasks_does_not_claim_that_they_share_their_data(
    run: Run, tmp_path: Path, look: Look
) -> None:
    data = comparison(run, tmp_path)
    write_comparison_page(data, tmp_path)
    page = look(tmp_path / "report.html")
    assert "the same data and training for all" in page.locator("header").text_content()
    data["variants"] = [{"name": "a", "point": {"task.pairings": 1}}]
    write_comparison_page(data, tmp_path)
    page = look(tmp_path / "report.html")
    assert "the same training for all" in page.locator("header").text_content()


def test_architectures_stand_side_by_side_where_there_is_room(compared: Path, look: Look) -> None:
    page = look(compared / "report.html")
    panels = page.locator(".panel")

    def corners() -> list[tuple[float, float]]:
        return [(box["x"], box["y"]) for box in (panels.nth(place).bounding_box() for place in (0, 1)) if box]

    page.set_viewport_size({"width": 1440, "height": 900})
    (left, top), (right, level) = corners()
    assert left < right
    assert top == level
    page.set_viewport_size({"width": 360, "height": 900})
    (left, top), (below, lower) = corners()
    assert left == below
    assert top < lower


def test_every_group_has_its_entropy_with_a_line_and_a_band_a_variant(compared: Path, look: Look) -> None:
    page = look(compared / "report.html")
    charts = page.locator("#entropy-over-the-epochs svg.chart")
    assert charts.count() == 3
    for number in range(3):
        assert charts.nth(number).locator("path.line").count() == 2
        assert charts.nth(number).locator("path.band").count() == 2


def test_a_seed_can_be_chosen_for_each_architecture(compared: Path, look: Look) -> None:
    page = look(compared / "report.html")
    panel = page.locator(".panel").nth(1)
    before = panel.locator(".picture:visible svg").get_attribute("aria-label")
    panel.locator("select").select_option("1")
    after = panel.locator(".picture:visible svg").get_attribute("aria-label")
    assert (before, after) == ("grmc, seed 0", "grmc, seed 1")
    panel.locator("select").select_option("2")
    assert MESSAGE in panel.locator(".picture:visible").text_content()


def test_differences_between_architectures_are_marked(compared: Path, look: Look) -> None:
    page = look(compared / "report.html")
    plain, marked = (page.locator(".panel").nth(number).locator("svg").first for number in (0, 1))
    assert "≠" not in plain.text_content()
    assert "≠" in marked.text_content() or "+" in marked.text_content()


@pytest.mark.parametrize("kind", ["comparison", "sweep"])
def test_a_record_with_the_keys_of_earlier_versions_makes_the_same_page(
    kind: str, compared: Path, swept: Path, tmp_path: Path
) -> None:
    made, write = (compared, write_comparison_page) if kind == "comparison" else (swept, write_sweep_page)
    folder = Path(shutil.copytree(made, tmp_path / kind))
    data = json.loads((folder / f"{kind}.json").read_text(encoding="utf-8"))
    former = {"trials": "cells", "caveats": "remarks", "tables": "censuses"}
    write({former.get(key, key): value for key, value in data.items()}, folder)
    assert (folder / "report.html").read_bytes() == (made / "report.html").read_bytes()


@pytest.mark.parametrize("kind", ["comparison", "sweep"])
def test_a_failed_trial_is_shown_with_its_message(kind: str, pages: dict[str, Path], look: Look) -> None:
    page = look(pages[kind])
    assert page.locator("#trials .failed").get_by_text(MESSAGE).count() >= 1
    assert page.locator("#trials .bad").first.is_visible()


def test_one_seed_without_a_table_tests_or_gap_still_makes_a_page(
    run: Run, tmp_path: Path, look: Look
) -> None:
    data = comparison(run, tmp_path, seeds=(0,))
    empty = {metric: {"mean": None, "low": None, "high": None, "by_seed": {}} for metric in data["metrics"]}
    data["rows"][1]["values"] = empty
    data |= {"tables": [], "tests": [], "gap": [], "caveats": []}
    write_comparison_page(data, tmp_path)
    page = look(tmp_path / "report.html")
    assert page.wrongs == []
    assert "The table of the space" not in titles(page)
    assert "too few seeds" in page.locator("#paired-tests").text_content()


def test_where_every_trial_failed_there_is_a_page_that_says_so(run: Run, tmp_path: Path, look: Look) -> None:
    data = comparison(run, tmp_path)
    for trial in data["trials"]:
        trial |= {"status": "failed", "error": MESSAGE, "test": None, "search": None, "entropy": {}}
        trial["folder"] = "cells/none"
    empty = {"mean": None, "low": None, "high": None}
    for row in data["rows"]:
        row["values"] = {}
    data["gap"] = [{"variant": "grmc", "supernet": empty, "inherited": empty, "trained": empty}]
    data["tables"][0]["percentiles"] = {}
    write_comparison_page(data, tmp_path)
    page = look(tmp_path / "report.html")
    assert page.wrongs == []
    assert "0 of 6 trials are done" in page.locator("#trials").text_content()


# -- what validation chose ------------------------------------------------------------------------------


def tiles(page: Any) -> dict[str, str]:
    """Name of each tile of the lead → its text."""
    found: dict[str, str] = page.evaluate(
        """Object.fromEntries([...document.querySelectorAll('.tiles div')].map((tile) =>
            [tile.querySelector('dt').textContent, tile.querySelector('dd').textContent]))"""
    )
    return found


def tables_of(kind: str, folder: Path) -> tuple[dict[str, Any], list[Table]]:
    """The record of a study, and its tables."""
    data = json.loads((folder / f"{kind}.json").read_text(encoding="utf-8"))
    return data, (comparison_tables if kind == "comparison" else sweep_tables)(data)


CHOSEN = {"comparison": "grmc", "sweep": "temperature=1.0,samples=10"}


@pytest.mark.parametrize("kind", CHOSEN)
def test_what_validation_chose_leads_the_page_with_its_numbers_on_both_splits(
    kind: str, pages: dict[str, Path], look: Look
) -> None:
    data, _ = tables_of(kind, pages[kind].parent)
    lead = tiles(look(pages[kind]))
    assert lead["chosen by validation"] == CHOSEN[kind]
    for split in ("validation", "test"):
        chosen = data["chosen"][split]
        ends = " to ".join(f"{chosen[end]:.4f}" for end in ("low", "high"))
        assert lead[f"auc, {split}"] == f"{chosen['mean']:.4f}{ends}"


@pytest.mark.parametrize(("kind", "section"), [("comparison", "results"), ("sweep", "every-point")])
def test_what_validation_chose_is_marked_in_the_table(
    kind: str, section: str, pages: dict[str, Path], look: Look
) -> None:
    marked = look(pages[kind]).locator(f"#{section} tr.marked th")
    assert marked.all_text_contents() == [CHOSEN[kind]]


@pytest.mark.parametrize("kind", CHOSEN)
def test_every_row_shows_validation_beside_the_test_split(
    kind: str, pages: dict[str, Path], look: Look
) -> None:
    data, tables = tables_of(kind, pages[kind].parent)
    page = look(pages[kind])
    shown = 0
    for row, cells in zip(data["rows"], tables[0].rows, strict=True):
        if row["validation"]["mean"] is not None:
            shown += 1
            assert value(page, f"{tables[0].name}.{cells[0]}.auc_validation") == row["validation"]["mean"]
    assert shown >= 3


def test_the_page_of_a_sweep_does_not_advertise_the_best_test_value(
    swept: Path, tmp_path: Path, look: Look
) -> None:
    data, _ = tables_of("sweep", swept)
    first = data["rows"][0]
    data["chosen"] = {
        "name": first["name"],
        "validation": first["validation"],
        "test": first["values"]["auc"],
    }
    write_sweep_page(data, tmp_path)
    page = look(tmp_path / "report.html")
    assert "0.5410" not in " ".join(tiles(page).values()), "the largest mean on the test split"
    framed = page.locator("#the-grid svg[aria-label^='auc on the test split'] .framed")
    assert "0.5010" in framed.text_content()
    bold = page.locator("#every-point .best data").evaluate_all("all => all.map(a => a.dataset.key)")
    assert any(key.endswith(".auc_validation") for key in bold)
    assert not any(key.endswith(".auc") for key in bold)


def test_no_variant_that_was_not_chosen_leads_the_page(compared: Path, look: Look) -> None:
    lead = tiles(look(compared / "report.html"))
    assert list(lead) == ["chosen by validation", "auc, validation", "auc, test", "trials done"]


def test_every_test_score_says_its_split(compared: Path, swept: Path) -> None:
    for kind, folder in (("comparison", compared), ("sweep", swept)):
        for table in tables_of(kind, folder)[1]:
            heads = [column.heading for column in table.columns]
            assert not {"auc", "acc"} & set(heads), table.name
            cells = [cell for row in table.rows for cell in row if isinstance(cell, str)]
            assert not {"auc", "acc"} & set(cells), table.name


# -- the same numbers everywhere ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CHOSEN)
def test_page_console_csv_and_json_show_the_same_numbers(
    kind: str, pages: dict[str, Path], look: Look
) -> None:
    _, (first, *_) = tables_of(kind, pages[kind].parent)
    page, shown = look(pages[kind]), 0
    for cells, plain in zip(first.rows, first.to_json()["rows"], strict=True):
        for column, cell in zip(first.columns, cells, strict=True):
            if isinstance(cell, Estimate) and cell.mean is not None:
                shown += 1
                assert value(page, f"{first.name}.{cells[0]}.{column.key}") == cell.mean
                assert cell.to_text(column.unit) in first.to_text()
                assert repr(cell.mean) in first.to_csv()
                assert plain[column.key]["mean"] == cell.mean
    assert shown > 12


def test_the_tables_of_a_comparison_are_known_by_their_names(compared: Path) -> None:
    _, tables = tables_of("comparison", compared)
    assert [table.name for table in tables] == [
        *("results", "tests", "other-tests", "gap", "entropy"),
        *("mean-percentiles", "percentiles", "correlation", "trials"),
    ]


def test_every_mean_of_a_grid_has_its_interval(swept: Path, look: Look) -> None:
    page = look(swept / "report.html")
    cells = page.locator("#the-grid svg[aria-label^='auc'] g:has(> .frame)")
    assert cells.count() == 10
    assert cells.locator(".spread").count() == 10


def test_the_mean_percentile_of_a_variant_has_its_interval(compared: Path, look: Look) -> None:
    page = look(compared / "report.html")
    assert value(page, "mean-percentiles.grmc.validation") == 97.5
    row = page.locator("tr").filter(has=page.locator('[data-key="mean-percentiles.grmc.validation"]'))
    assert "96.0\u00a0% to 99.0\u00a0%" in row.text_content()


# -- records of earlier versions ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CHOSEN)
def test_a_record_that_lacks_a_key_still_makes_a_page(
    kind: str, pages: dict[str, Path], tmp_path: Path
) -> None:
    data, _ = tables_of(kind, pages[kind].parent)
    records = [({name: part for name, part in data.items() if name != key}, key) for key in data]
    for key in data.get("tables", [{}])[0]:
        (space,) = data["tables"]
        records.append(({**data, "tables": [{name: space[name] for name in space if name != key}]}, key))
    for less, key in records:
        (write_comparison_page if kind == "comparison" else write_sweep_page)(less, tmp_path)
        assert "</html>" in (tmp_path / "report.html").read_text(encoding="utf-8"), key


def test_rows_without_validation_have_the_test_split_alone(
    compared: Path, tmp_path: Path, look: Look
) -> None:
    data, _ = tables_of("comparison", compared)
    for row in data["rows"]:
        del row["validation"]
    del data["chosen"]
    write_comparison_page(data, tmp_path)
    page = look(tmp_path / "report.html")
    heads = page.locator("#results thead th").all_text_contents()
    assert "auc, validation" not in heads
    assert "auc, test" in heads
    assert page.locator("tr.marked").count() == 0
    assert "chosen by validation" not in tiles(page)


def test_a_sweep_without_rows_has_the_means_of_its_trials(swept: Path, tmp_path: Path, look: Look) -> None:
    data, _ = tables_of("sweep", swept)
    for key in ("rows", "chosen", "caveats"):
        del data[key]
    write_sweep_page(data, tmp_path)
    page = look(tmp_path / "report.html")
    assert value(page, "points.temperature=0.1,samples=10.auc") == pytest.approx(0.501)
    assert page.locator("#the-grid .framed").count() == 0


# -- tables ---------------------------------------------------------------------------------------------


def test_a_table_is_sorted_by_a_column_with_the_keyboard(swept: Path, look: Look) -> None:
    page = look(swept / "report.html")
    part = page.locator("#every-point")
    button = part.locator("th").nth(2).get_by_role("button", name="auc, test")
    button.press("Enter")
    column = "(part) => [...part.querySelectorAll('tbody tr')].map((row) => row.cells[2].textContent)"
    ascending = part.evaluate(column)
    assert ascending[:5] == sorted(ascending[:5])
    assert ascending[-1] == "—", "what has no number comes last"
    button.press("Enter")
    assert part.evaluate(column)[-5:] == sorted(ascending[:5], reverse=True)
    assert part.locator("th[aria-sort=descending]").count() == 1


# -- files ----------------------------------------------------------------------------------------------


def test_points_and_trials_have_a_column_of_csv_for_each_axis(run: Run) -> None:
    data = sweep(run, {"relaxation.name": ["softmax", "grmc"], "space.shared": [False, True]})
    for table in sweep_tables(data):
        head, first, *_ = csv.reader(io.StringIO(table.to_csv()))
        found = dict(zip(head, first, strict=True))
        assert (found["relaxation.name"], found["space.shared"]) == ("softmax", "false"), table.name
        assert "auc_validation" in head
        assert "relaxation.name" not in table.to_html()
    head, first, *_ = csv.reader(io.StringIO(sweep_figures(data)[0].to_csv()))
    assert (head[:2], first[:2]) == (["relaxation.name", "space.shared"], ["softmax", "false"])


def test_a_course_of_bars_is_no_data(compared: Path) -> None:
    _, tables = tables_of("comparison", compared)
    table = next(table for table in tables if table.name == "entropy")
    assert table.to_csv().splitlines()[0] == "variant,group,first,first_min,first_max,last,last_min,last_max"


# -- a sweep --------------------------------------------------------------------------------------------


def test_a_sweep_of_two_options_is_a_heat_map_of_means(swept: Path, look: Look) -> None:
    data = json.loads((swept / "sweep.json").read_text(encoding="utf-8"))
    page = look(swept / "report.html")
    assert titles(page)[0] == "The grid"
    heat = page.locator("#the-grid svg[aria-label^='auc on the test split']")
    told = heat.evaluate("(svg) => [...svg.querySelectorAll('title')].map((title) => title.textContent)")
    for trial in data["trials"]:
        if trial["status"] == "done":
            temperature, samples = trial["point"].values()
            seeds = [other["test"]["auc"] for other in data["trials"] if other["variant"] == trial["variant"]]
            assert f"temperature {temperature}, samples {samples}: {fmean(seeds)!r}" in told
    assert heat.get_by_text("failed").count() == 1
    assert heat.locator(".framed").count() == 1
    assert "0.54" in heat.locator(".framed").text_content()
    shades = heat.evaluate(
        "(svg) => [...svg.querySelectorAll('.frame')].map((box) => +getComputedStyle(box).fillOpacity)"
    )
    assert shades == sorted(shades)
    assert len(set(shades)) == 5


def test_a_swept_plugin_has_the_name_of_its_section(run: Run, tmp_path: Path, look: Look) -> None:
    data = sweep(run, {"relaxation.name": ["softmax", "grmc"], "space.name": ["a", "b"]})
    records = [data, {**data, "axes": [{**axis, "title": None} for axis in data["axes"]]}]
    for record in records:
        write_sweep_page(record, tmp_path)
        page = look(tmp_path / "report.html")
        assert "relaxation (2) × space (2)" in page.locator("header").text_content()
        grid = page.locator("#the-grid svg").first
        assert grid.get_by_text("relaxation", exact=True).count() == 1
        assert "name" not in grid.text_content()
        names = page.locator("#every-point tbody th").all_text_contents()
        assert names[0] == "relaxation=softmax,space=a"


def test_a_point_with_one_seed_has_no_words_on_means(run: Run, tmp_path: Path, look: Look) -> None:
    axes: dict[str, list[Any]] = {"a.x": [1, 2], "b.y": [1, 2]}
    for record in (sweep(run, axes, seeds=(0,)), sweep(run, {**axes, "seed": [0, 1]})):
        write_sweep_page(record, tmp_path)
        text = look(tmp_path / "report.html").locator("main").text_content()
        assert "One seed at each point" in text
        assert "Means over" not in text


def test_the_texts_of_a_grid_lie_within_their_cells(run: Run, tmp_path: Path, look: Look) -> None:
    data = sweep(run, {"a.x": [1, 2], "b.y": [1, 2]})
    for row in data["rows"]:
        row["values"]["parameters"] |= {"mean": 1234567, "low": 1000000.0, "high": 98765432.0}
    write_sweep_page(data, tmp_path)
    cells = look(tmp_path / "report.html").locator("#the-grid g:has(> .frame)")
    inside = cells.evaluate_all("""all => all.map((cell) => {
        const box = cell.querySelector('.frame').getBoundingClientRect();
        return [...cell.querySelectorAll('text')].every((text) => {
            const own = text.getBoundingClientRect();
            return own.left >= box.left && own.right <= box.right;
        });
    })""")
    assert len(inside) > 6
    assert all(inside)


def test_a_sweep_of_one_option_is_a_line_with_a_point_a_seed(run: Run, tmp_path: Path, look: Look) -> None:
    write_sweep_page(sweep(run, {"relaxation.temperature": [0.1, 0.5, 1.0]}), tmp_path)
    page = look(tmp_path / "report.html")
    chart = page.locator("#the-grid svg[aria-label^='auc on the test split']")
    assert chart.locator("circle.open").count() == 4, "two seeds at each of the two values that did not fail"
    assert chart.locator("circle:not(.open)").count() == 2
    assert page.wrongs == []


def test_a_sweep_of_three_options_has_a_heat_map_for_each_value_of_the_third(
    run: Run, tmp_path: Path, look: Look
) -> None:
    axes = {"a.x": [1, 2], "b.y": [1, 2], "c.ports": ["shared", "choose", "paired"]}
    write_sweep_page(sweep(run, axes), tmp_path)
    page = look(tmp_path / "report.html")
    heads = page.evaluate("[...document.querySelectorAll('#the-grid h3')].map((head) => head.textContent)")
    assert [head for head in heads if head.startswith("auc on the test split")] == [
        f"auc on the test split, ports={name}" for name in ("shared", "choose", "paired")
    ]
    assert page.locator("#the-grid svg[aria-label^='auc on the test split'] .framed").count() == 1, (
        "the best of all"
    )


def test_a_sweep_with_too_many_grids_has_its_table(run: Run, tmp_path: Path, look: Look) -> None:
    axes: dict[str, list[Any]] = {"a.x": [1, 2], "b.y": [1, 2], "c.z": list(range(13))}
    write_sweep_page(sweep(run, axes, seeds=(0,)), tmp_path)
    page = look(tmp_path / "report.html")
    assert "too many to look at" in page.locator("#the-grid").text_content()
    assert page.locator("#every-point tbody tr").count() == 52
