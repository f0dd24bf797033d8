"""Values of pictures and charts on a page: told to those who point at them, and saved as files."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nasframe import Run

SVG = "{http://www.w3.org/2000/svg}"

Look = Callable[..., Any]


def saved(page: Any, label: str) -> tuple[str, str]:
    """Return the name and the text of the file that a button saves."""
    with page.expect_download() as download:
        page.get_by_label(label, exact=True).click()
    return download.value.suggested_filename, Path(download.value.path()).read_text("utf-8")


def losses(run: Run) -> list[tuple[int, float]]:
    return [(line["epoch"], line["validation"]["loss"]) for line in run.history("search")]


def test_a_mouse_at_a_point_of_a_line_is_told_its_series_and_its_numbers(run: Run, look: Look) -> None:
    page = look(run.path / "report.html")
    chart = page.locator("[data-name=search-loss] svg.chart")
    chart.scroll_into_view_if_needed()
    place = chart.evaluate(
        """(svg) => {
            const path = svg.querySelector("[data-line=validation]").getAttribute("d");
            const corner = new DOMPoint(...path.split("L")[2].split(" ").map(Number));
            const point = corner.matrixTransform(svg.getScreenCTM());
            return [point.x, point.y];
        }"""
    )
    page.mouse.move(*place)
    epoch, value = losses(run)[2]
    assert page.locator(".told").inner_text() == f"validation, epoch {epoch}: {value:.6g}"
    page.mouse.move(5, 5)
    assert page.locator(".told").is_hidden()
    assert page.wrongs == []


def test_the_arrow_keys_go_through_the_values_of_a_chart(run: Run, look: Look) -> None:
    page = look(run.path / "report.html")
    box = page.locator("[data-name=search-loss] .scroll")
    for _ in range(2 * len(losses(run)) - 1):  # the second line
        box.press("ArrowRight")
    epoch, value = losses(run)[-2]
    assert page.locator(".told").inner_text() == f"validation, epoch {epoch}: {value:.6g}"
    box.press("Escape")
    assert page.locator(".told").is_hidden()


def test_the_arrow_keys_go_through_the_nodes_and_arrows_of_the_network(run: Run, look: Look) -> None:
    page = look(run.path / "report.html")
    box, seen = page.locator(".drawing .scroll"), set()
    for _ in range(40):
        box.press("ArrowRight")
        seen.add(page.locator(".told").inner_text())
    of_node = next(words for words in seen if words.startswith("cell1/N1: "))
    shares = run.history("search")[-1]["probabilities"]["cell1/N1"]
    told = ", ".join(f"{name} {share:.2f}" for name, share in shares.items())
    assert f"chosen among: {told}" in of_node
    assert re.search(r"shape 4 × 4\n[\d,]+ parameters", of_node)
    assert any("→" in words for words in seen)


def test_a_place_of_a_heat_map_tells_the_probability_there(run: Run, look: Look) -> None:
    page = look(run.path / "report.html")
    row = page.locator("[data-row='cell1/N1'][data-part='attention']")
    row.scroll_into_view_if_needed()
    box = row.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    last = run.history("search")[-1]
    share = last["probabilities"]["cell1/N1"]["attention"]
    assert page.locator(".told").inner_text() == f"cell1/N1: attention, epoch {last['epoch']}: {share:.4f}"


def test_a_chart_is_saved_as_a_document_of_its_own(run: Run, look: Look) -> None:
    name, text = saved(look(run.path / "report.html"), "Save as SVG: Loss of the search")
    assert name == "search-loss.svg"
    root = ET.fromstring(text)
    assert root.findtext(f"{SVG}title") == "Loss of the search"
    words = {part.text for part in root.iter(f"{SVG}text")}
    assert {"Loss of the search", "epoch", "validation"} <= words
    assert "class=" not in text
    assert "var(" not in text
    line = next(
        part for part in root.iter(f"{SVG}path") if part.get("stroke-dasharray") not in (None, "none")
    )
    assert (line.get("stroke") or "").startswith("rgb(")


def test_the_data_of_a_chart_are_saved_as_csv(run: Run, look: Look) -> None:
    name, text = saved(look(run.path / "report.html"), "Save as CSV: Loss of the search")
    assert name == "search-loss.csv"
    head, *rows = csv.reader(io.StringIO(text))
    assert head == ["line", "x", "y"]
    found = [(int(row[1]), float(row[2])) for row in rows if row[0] == "validation"]
    assert found == [(epoch, pytest.approx(value, rel=1e-5)) for epoch, value in losses(run)]


def test_the_shares_of_a_heat_map_of_the_search_are_saved_as_csv(run: Run, look: Look) -> None:
    name, text = saved(look(run.path / "report.html"), "Save as CSV: gamma")
    assert name == "choices-gamma.csv"
    head, *rows = csv.reader(io.StringIO(text))
    assert head == ["row", "part", "x", "share"]
    found = {tuple(row[:3]): float(row[3]) for row in rows}
    for line in run.history("search"):
        for candidate, share in line["probabilities"]["cell1/N1"].items():
            told = found["cell1/N1", candidate, str(line["epoch"])]
            assert told == pytest.approx(share, abs=6e-5)


def test_the_shares_of_another_heat_map_are_saved_as_csv(run: Run, look: Look) -> None:
    name, text = saved(look(run.path / "report.html"), "Save as CSV: Scores by category")
    assert name == "scores-by-category.csv"
    assert text.splitlines()[0] == "row,part,x,share"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_network_is_saved_for_white_paper(run: Run, look: Look, scheme: str) -> None:
    page = look(run.path / "report.html", color_scheme=scheme)
    name, text = saved(page, "Save as SVG: The network that was found")
    assert name == "the-network-that-was-found.svg"
    root = ET.fromstring(text)
    assert next(root.iter(f"{SVG}rect")).get("fill") == "#fff"
    assert {"N1", "(projection)"} <= {part.text for part in root.iter(f"{SVG}text")}


@pytest.mark.parametrize("kind", ["run", "comparison", "sweep", "table", "loops"])
def test_every_chart_of_a_page_is_saved_whole(kind: str, pages: dict[str, Path], look: Look) -> None:
    page = look(pages[kind])
    labels = page.locator("[aria-label^='Save as SVG']").evaluate_all(
        "(buttons) => buttons.map((button) => button.getAttribute('aria-label'))"
    )
    assert (
        len(labels)
        == page.locator(".figure:has(svg), figure.drawing, figure.animation, figure.picture").count()
    )
    for number in range(len(labels)):
        if number % 8 == 7:  # a browser asks before it saves many files of one page
            assert page.wrongs == []
            page = look(pages[kind])
        button = page.locator("[aria-label^='Save as SVG']").nth(number)
        if not button.is_visible():  # of a seed that the reader has not chosen
            continue
        with page.expect_download() as download:
            button.click()
        ET.parse(download.value.path())
    assert page.wrongs == []


def test_without_scripts_there_are_no_dead_buttons_and_the_pictures_are_there(run: Run, look: Look) -> None:
    page = look(run.path / "report.html", java_script_enabled=False)
    assert page.locator(".save").count() == 0
    assert page.locator("svg.chart").count() > 3
    assert page.locator(".drawing svg").count() == 1
