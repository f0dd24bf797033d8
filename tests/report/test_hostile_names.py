"""Names that are markup, scripts or links are shown as text on pages and pictures; nothing of them runs."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import nasframe
from nasframe import Architecture, Experiment, Run, SearchOptions, TensorTask, TrainOptions, draw
from nasframe.display import Column, Line, LineChart, Section, Table
from nasframe.plugins import PluginManager
from nasframe.render import draw_pair
from nasframe.report import comparison_page, read_page, space_table_page, sweep_page
from nasframe_bimodal.space import Bimodal
from tests.plugins.made import plugin
from tests.report.studies import space_table
from tests.report.test_escaping import strange

EVIL = "<img src=x onerror=ran=1><svg onload=ran=1>"
"""A name that may stand for a node: those have no dot and no slash."""

MORE = f'"\'>{EVIL}<script>ran=1</script></script></style></title>--><a href="javascript:ran=1">x</a>'
INPUTS = (EVIL, "<b>x", "x>", '" onload="ran=1', "&lt;i&gt;", "javascript:ran=1")
CONTENT = {
    "svg",
    "g",
    "path",
    "polygon",
    "polyline",
    "ellipse",
    "text",
    "title",
    "rect",
    "style",
    "desc",
    "circle",
}


def experiment() -> Experiment:
    tensors = {name: torch.rand(32, 4, 3) for name in INPUTS}
    return Experiment.of(
        task=TensorTask(tensors, torch.arange(32) % 2),
        space=Bimodal(channels=4, cells=1, nodes=1),
        search=SearchOptions(epochs=1, min_epochs=1, batch_size=16),
        train=TrainOptions(epochs=1),
        device="cpu",
    )


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose inputs have such names."""
    folder = tmp_path_factory.mktemp("hostile") / "<img src=x onerror=ran=1>&amp;"
    return nasframe.run_experiment(experiment(), folder)


@pytest.fixture
def quiet(look: Callable[..., Any]) -> Iterator[Callable[[Path], Any]]:
    """Open a page, and see that it loads and runs nothing but its own script."""

    def open_quietly(path: Path) -> Any:
        page = look(path)
        assert page.wrongs == []
        assert page.evaluate("typeof ran") == "undefined"
        for wrong in (
            "//*[local-name()='img' or local-name()='foreignObject' or local-name()='iframe']",
            "//*[@*[starts-with(name(), 'on')]]",
            "//*[starts-with(@href, 'javascript')]",
        ):
            assert page.locator(f"xpath={wrong}").count() == 0
        return page

    return open_quietly


def rewrite(path: Path, change: Callable[[Any], Any]) -> None:
    path.write_text(json.dumps(change(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")


def renamed(values: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}{MORE}": value for name, value in values.items()}


def test_a_run_page_of_hostile_documents_shows_them_as_text(
    run: Run, tmp_path: Path, quiet: Callable[[Path], Any], plugins: PluginManager
) -> None:
    folder = tmp_path / f"run{EVIL}"
    shutil.copytree(run.path, folder)

    def record(found: Any) -> Any:
        found["plugins"] = {
            f"{name}{MORE}": {key: f"{value}{MORE}" for key, value in item.items()}
            for name, item in found["plugins"].items()
        }
        found["search"]["entropy"] = renamed(found["search"]["entropy"])
        found["nasframe"] += MORE
        found["data"]["fingerprint"] = MORE
        return found

    def evaluation(found: Any) -> Any:
        found["parameters_by_part"] = renamed(found["parameters_by_part"])
        found["per_category"] = renamed(found["per_category"])
        return {**found, f"more{MORE}": MORE, f"list{MORE}": [MORE, 1]}

    def architecture(found: Any) -> Any:
        found["provenance"] = {**found["provenance"], "task": MORE, f"more{MORE}": {f"x{MORE}": MORE}}
        return found

    def scores(found: Any) -> Any:
        text = json.dumps(found)
        for name in ("right", "left", "loud"):
            text = text.replace(json.dumps(name), json.dumps(f"{name}{MORE}"))
        return json.loads(text)

    rewrite(folder / "run.json", record)
    rewrite(folder / "test.json", evaluation)
    rewrite(folder / "architecture.json", architecture)
    rewrite(folder / "scores.json", scores)
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    for line in lines:
        line["validation"] = {**line["validation"], **renamed(line["validation"])}
        if line["stage"] == "search":
            line["entropy"], line["loss"] = renamed(line["entropy"]), renamed(line["loss"])
    (folder / "metrics.jsonl").write_text(
        "".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8"
    )
    (folder / "experiment.toml").write_text(
        f"{(folder / 'experiment.toml').read_text(encoding='utf-8')}\n# {MORE}\n", encoding="utf-8"
    )
    table = Table(MORE, MORE, [Column("day", MORE)], [[MORE]], MORE)
    chart = LineChart(
        name=MORE, title=MORE, x=MORE, y=MORE, lines=[Line(MORE, [(1, 2)]), Line("b", [(1, 2)])]
    )
    plugins.register(plugin(report_sections=lambda run: [Section(MORE, [MORE, table, chart])]), f"mine{EVIL}")

    read_page(folder).write(folder)
    page = quiet(folder / "report.html")
    words = page.locator("body").text_content()
    for place in ("alpha", "more", "right", "projection", "# "):
        assert f"{place}{MORE}" in words, place
    assert f"mine{EVIL}" in words
    assert words.count(MORE) > 60


def test_the_page_of_a_run_with_hostile_inputs_draws_and_animates_them(
    searched: Run, quiet: Callable[[Path], Any]
) -> None:
    page = quiet(searched.path / "report.html")
    for part in ("#animation", ".drawing svg"):
        shown = page.locator(f"{part} text").all_text_contents()
        assert set(INPUTS) <= {*shown, *searched_away(searched, part)}, part


def searched_away(run: Run, part: str) -> set[str]:
    """The inputs that the found network does not use."""
    return set() if part == "#animation" else set(INPUTS) - set(run.architecture.resolved.operations)


@pytest.mark.parametrize("kind", ["comparison", "sweep", "table"])
def test_a_study_page_of_a_hostile_record_runs_nothing(
    kind: str, run: Run, pages: dict[str, Path], tmp_path: Path, quiet: Callable[[Path], Any]
) -> None:
    if kind == "table":
        record, rows = space_table(run)
        found = space_table_page(strange(record), rows)
    else:
        data = strange(json.loads((pages[kind].parent / f"{kind}.json").read_text(encoding="utf-8")))
        found = sweep_page(data) if kind == "sweep" else comparison_page(data, tmp_path)
    found.write(tmp_path)
    assert "<blink" in quiet(tmp_path / "report.html").locator("body").text_content()


def test_the_policy_of_a_page_runs_no_script_and_takes_no_style_but_its_own(
    pages: dict[str, Path], tmp_path: Path, look: Callable[..., Any]
) -> None:
    for name, page in pages.items():
        html = page.read_text(encoding="utf-8")
        (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', html)
        assert "unsafe" not in policy
        assert {"default-src 'none'", "base-uri 'none'", "form-action 'none'"} <= set(policy.split("; "))
        forced = (
            "<script>ran=1</script><img src=x onerror=ran=1><p id=p style='color:rgb(1,2,3)'>x</p></body>"
        )
        (tmp_path / f"{name}.html").write_text(html.replace("</body>", forced), encoding="utf-8")
        seen = look(tmp_path / f"{name}.html")
        assert seen.evaluate("typeof ran") == "undefined"
        assert seen.evaluate("getComputedStyle(document.getElementById('p')).color") != "rgb(1, 2, 3)"
        assert seen.locator("#theme").text_content() in ("Dark", "Light")  # its own script ran


def names_in(svg: str) -> set[str]:
    """The texts of a picture, which has nothing but shapes and texts in it."""
    found = set()
    for item in ET.fromstring(svg).iter():
        assert item.tag.rpartition("}")[2] in CONTENT
        for name, value in item.attrib.items():
            assert not name.lower().startswith("on")
            assert not name.endswith("href")
            assert "url(" not in value
        found.add("".join(item.itertext()))
    return found


def space_of(names: Any) -> Architecture:
    space = Bimodal(channels=4, cells=1, nodes=1, ports="choose").build(dict.fromkeys(names, (4, 3)), 2)
    first, second = names
    choices = {"cell1.x": first, "cell1.y": second, "cell1/N1": "sum", "cell1/N1.x": "y", "cell1/N1.y": "x"}
    return Architecture(space, choices)


@pytest.mark.parametrize("first", INPUTS)
def test_a_picture_of_hostile_names_is_shapes_and_texts(
    first: str, tmp_path: Path, quiet: Callable[[Path], Any]
) -> None:
    left, right = space_of((first, "<TABLE HREF='javascript:ran=1'>")), space_of(("a", first))
    for place, drawing in enumerate(
        (draw(left), draw(left, against=right), draw_pair(left, right, (MORE[:50], EVIL)))
    ):
        path = drawing.save(tmp_path / f"{place}.svg")
        found = names_in(drawing.svg)
        assert any(name.removeprefix("+ ") == first for name in found)
        quiet(path)


def test_a_plugin_gives_a_node_colours_and_no_link(plugins: PluginManager) -> None:
    style = {
        "URL": "javascript:ran=1",
        "href": "x",
        "tooltip": EVIL,
        "label": "<b>x</b>",
        "color": "<b>red</b>",
    }
    plugins.register(plugin(style_node=lambda node, operation: {**style, "fillcolor": "#123456"}), "mine")
    dot = draw(space_of(("a", "b"))).dot
    assert "#123456" in dot
    assert "javascript" not in dot
    assert "=<" not in dot


def test_an_exported_chart_of_hostile_names_is_shapes_and_texts(
    tmp_path: Path, quiet: Callable[[Path], Any]
) -> None:
    lines = [Line(f"{MORE}\x1b[31m\x00", [(1, 2)]), Line("b", [(1, 3)])]
    chart = LineChart(name="x", title=MORE, caption=MORE, x=MORE, y=MORE, lines=lines)
    path = tmp_path / "chart.svg"
    path.write_text(chart.to_svg(), encoding="utf-8")
    assert any(name.endswith(r"\x1b[31m\x00") for name in names_in(chart.to_svg()))
    quiet(path)


UNSEEN = "\u202e\u2066\u200b\u200f\u00ad\ufeff"
"""Characters that turn the order of letters round, or have no width."""


def unseen(value: Any, *, under: str = "") -> Any:
    """The record with such characters in every text that people may have written."""
    if isinstance(value, dict):
        return {key: unseen(item, under=key) for key, item in value.items()}
    if isinstance(value, list):
        return [unseen(item, under=under) for item in value]
    kept = ("status", "kind", "folder", "metric", "objective", "metrics", "family", "key")
    return value if not isinstance(value, str) or under in kept else f"{value}{UNSEEN}"


@pytest.mark.parametrize("kind", ["comparison", "sweep", "table"])
def test_no_character_that_cannot_be_seen_stands_raw_on_the_page_of_a_study(
    kind: str, run: Run, compared: Path, swept: Path
) -> None:
    if kind == "table":
        record, rows = space_table(run)
        html = space_table_page(unseen(record), rows).html
    else:
        folder, make = (compared, comparison_page) if kind == "comparison" else (swept, sweep_page)
        record = json.loads((folder / f"{kind}.json").read_text(encoding="utf-8"))
        html = make(unseen(record), folder).html
    assert not set(UNSEEN) & set(html)
    assert "\\u202e" in html


def test_no_character_that_cannot_be_seen_stands_raw_on_the_page_of_a_run(tmp_path: Path) -> None:
    names = (f"left{UNSEEN}", f"{UNSEEN}right")
    made = Experiment.of(
        task=TensorTask({name: torch.rand(32, 4, 3) for name in names}, torch.arange(32) % 2),
        space=Bimodal(channels=4, cells=1, nodes=1),
        relaxation="softmax",
        search=SearchOptions(epochs=1, min_epochs=1, batch_size=16),
        train=TrainOptions(epochs=1),
        device="cpu",
    )
    found = nasframe.run_experiment(made, tmp_path / "run")
    html = (found.path / "report.html").read_text(encoding="utf-8")
    assert not set(UNSEEN) & set(html)
    data = re.search(r'id="data">(.*?)</script>', html, re.DOTALL)
    assert data is not None
    assert not set(UNSEEN) & set(json.dumps(json.loads(data[1]), ensure_ascii=False))
