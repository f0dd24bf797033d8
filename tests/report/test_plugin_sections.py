"""The sections that plugins add to the page of a run."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from markupsafe import Markup

import nasframe
from nasframe import Experiment, Run, SearchOptions, TensorTask, TrainOptions
from nasframe.cli import main
from nasframe.display import Column, Line, LineChart, Section, Table
from nasframe.errors import PluginWarning
from nasframe.plugins import PluginManager
from nasframe.report import read_page, report_unusable_sections
from nasframe_bimodal.space import Bimodal
from tests.plugins.made import plugin

Register = Callable[[str, Any], None]

TABLE = Table("time", "Hours", [Column("day"), Column("hours")], [["Monday", 3.5]])
FIGURE = LineChart(
    name="search-hours", title="Hours of a day", x="day", y="hours", lines=[Line("a", [(1, 2)])]
)


@pytest.fixture
def folder(finished_run: Path, tmp_path: Path) -> Path:
    """The folder of a finished run that a test may change."""
    shutil.copytree(finished_run, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def register(plugins: PluginManager) -> Register:
    def register(name: str, sections: Any) -> None:
        hook = sections if callable(sections) else lambda run: sections
        plugins.register(plugin(report_sections=hook), name)

    return register


def page_of(folder: Path) -> str:
    return read_page(folder).html


def headings(html: str) -> list[str]:
    return re.findall(r"<h2 [^>]*>(.*?)</h2>", html)


def test_a_section_stands_on_the_page_with_its_parts_in_their_order(folder: Path, register: Register) -> None:
    register("mine", [Section("Hours", ["The first text.", TABLE, FIGURE, "The last text."])])
    html = page_of(folder)
    start = html.index('<section id="plugin-mine-1"')
    part = html[start : html.index("</section>", start)]
    places = [part.index(text) for text in ("Hours", "The first text.", "Monday", "<svg", "The last text.")]
    assert places == sorted(places)
    assert "By the plugin mine." in part
    assert '<li><a href="#plugin-mine-1">Hours</a></li>' in html


def test_sections_stand_by_the_names_of_their_plugins(folder: Path, register: Register) -> None:
    before = headings(page_of(folder))
    register("zebra", [Section("Last", ["x"])])
    register("ant", [Section("First", ["x"]), Section("Second", ["x"])])
    after = headings(page_of(folder))
    assert [name for name in after if name not in before] == ["First", "Second", "Last"]
    assert [name for name in after if name in before] == before


def test_every_link_of_the_contents_leads_to_one_section(folder: Path, register: Register) -> None:
    register("mine", [Section("The search", ["x"]), Section("The search", ["y"])])
    html = page_of(folder)
    links = re.findall(r'<li><a href="#([^"]*)">', html)
    assert len(links) == len(set(links)) == len(headings(html))
    assert all(html.count(f'<section id="{link}"') == 1 for link in links)


def test_its_tables_and_figures_are_written_as_files_beside_those_of_the_page(
    folder: Path, register: Register, tmp_path: Path
) -> None:
    register("mine", [Section("Hours", [TABLE, FIGURE])])
    assert main(["report", str(folder), "--tables", str(tmp_path / "tables")]) == 0
    names = {file.name for file in (tmp_path / "tables").iterdir()}
    assert {"time.csv", "mine-time.csv", "mine-time.json", "figure-mine-search-hours.svg"} <= names
    assert (tmp_path / "tables/mine-time.csv").read_text().splitlines() == ["day,hours", "Monday,3.5"]
    assert "Hours of a day" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_table_or_figure_with_the_name_of_one_of_the_page_takes_the_place_of_none(
    folder: Path, register: Register
) -> None:
    before = read_page(folder)
    register("search", [Section("Hours", [TABLE, FIGURE])])
    after = read_page(folder)
    assert [table.name for table in after.tables] == [*(t.name for t in before.tables), "search-time"]
    assert after.html.count("Hours of a day</h3>") == 1
    assert after.html.count("Time of each stage") == before.html.count("Time of each stage")


def test_its_text_is_escaped(folder: Path, register: Register) -> None:
    odd = "<script>alert('x')</script>"
    register("mine", [Section(odd, [odd, attrs.evolve(TABLE, title=odd, note=odd)])])
    register("marked", [Section(Markup(odd), [Markup(odd)])])
    html = page_of(folder)
    assert odd not in html
    assert html.count("&lt;script&gt;alert") >= 6


def raises(run: Run) -> Any:
    raise ValueError("no hours")


BROKEN = Table("hours", "Hours", [Column("day"), Column("hours")], [["Monday", object()]])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        (
            raises,
            r"report_sections raised ValueError: no hours \(.*test_plugin_sections.py, line \d+\); disabled",
        ),
        ("Hours", "it must return a list of nasframe.display.Section, found 'Hours'"),
        ([TABLE], "it must return a list of nasframe.display.Section"),
        (lambda run: [Section("Hours", [3])], "a part is a Table, a Figure or a text, found 3"),
        (lambda run: [Section("Hours", "abc")], "its parts are a list, found the text 'abc'"),
        (lambda run: [Section("", ["x"])], "the title of a section is a text, found ''"),
        ([Section("Hours", [BROKEN])], "report_sections raised "),
    ],
)
def test_one_that_fails_is_reported_and_not_called_again_and_the_page_is_whole_without_it(
    sections: Any, message: str, folder: Path, register: Register, recwarn: pytest.WarningsRecorder
) -> None:
    before = page_of(folder)
    register("good", [Section("Good", ["It is here."])])
    register("bad", sections)
    with pytest.warns(PluginWarning, match=f"plugin 'bad' .*{message}"):
        html = page_of(folder)
    assert "It is here." in html
    assert [name for name in headings(html) if name != "Good"] == headings(before)
    recwarn.clear()
    assert page_of(folder) == html
    assert not recwarn.list


def test_none_and_an_empty_list_are_no_sections(folder: Path, register: Register) -> None:
    before = page_of(folder)
    register("none", lambda run: None)
    register("empty", [])
    assert page_of(folder) == before


def test_the_page_of_a_run_whose_plugin_is_gone_is_made_without_its_section(
    folder: Path, register: Register, plugins: PluginManager
) -> None:
    register("mine", [Section("Hours", [TABLE])])
    assert main(["report", str(folder)]) == 0
    assert "Hours" in headings((folder / "report.html").read_text(encoding="utf-8"))
    plugins.unregister("mine")
    assert main(["report", str(folder)]) == 0
    assert "Hours" not in headings((folder / "report.html").read_text(encoding="utf-8"))


def experiment() -> Experiment:
    streams = {name: torch.rand(32, 4, 6) for name in ("left", "right")}
    return Experiment.of(
        task=TensorTask(streams, torch.arange(32) % 2),
        space=Bimodal(channels=4, cells=1, nodes=1),
        search=SearchOptions(epochs=1, batch_size=16),
        train=TrainOptions(epochs=1),
        device="cpu",
    )


def test_sections_that_cannot_be_imported_are_reported_before_the_search(
    register: Register, plugins: PluginManager, tmp_path: Path
) -> None:
    lines: list[int] = []

    def unimportable(run: Run) -> Any:
        lines.append(len(run.history("search")))
        import no_such_module_of_sections  # noqa: F401

    register("mine", unimportable)
    with pytest.warns(PluginWarning, match="plugin 'mine' report_sections raised ModuleNotFoundError"):
        nasframe.run_experiment(experiment(), tmp_path / "run")
    assert lines == [0]
    assert "disabled" in plugins.failed["mine"]


def test_another_error_before_the_search_is_returned_and_reported_when_the_page_is_made(
    folder: Path, register: Register, recwarn: pytest.WarningsRecorder
) -> None:
    register("mine", raises)
    assert {name: str(error) for name, error in report_unusable_sections(Run.open(folder)).items()} == {
        "mine": "no hours"
    }
    assert not recwarn.list
    with pytest.warns(PluginWarning, match="plugin 'mine' report_sections raised ValueError: no hours"):
        page_of(folder)


def test_sections_that_need_what_is_not_there_yet_are_made_when_it_is(
    register: Register, tmp_path: Path
) -> None:
    register("mine", lambda run: [Section("Epochs", [str(run.history("search")[0]["epoch"])])])
    run = nasframe.run_experiment(experiment(), tmp_path / "run")
    assert "Epochs" in headings((run.path / "report.html").read_text(encoding="utf-8"))


def test_plugins_whose_names_are_written_alike_have_sections_of_their_own(
    folder: Path, register: Register
) -> None:
    for name in ("a.b", "a-b"):
        register(name, lambda run: [Section("Mine", ["text"])])
    anchors = re.findall(r'<section[^>]* id="(plugin-[^"]+)"', page_of(folder))
    assert len(anchors) == len({*anchors}) == 2


def test_sections_that_end_the_process_are_reported_and_end_nothing(folder: Path, register: Register) -> None:
    register("mine", lambda run: sys.exit(4))
    assert "mine" in report_unusable_sections(Run.open(folder))
    with pytest.warns(PluginWarning, match="plugin 'mine' report_sections raised SystemExit: 4"):
        assert "<html" in page_of(folder)
