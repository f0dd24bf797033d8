"""A page made anew from a folder, and its tables and figures as files."""

from __future__ import annotations

import csv
import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from nasframe import Run
from nasframe.errors import RunError
from nasframe.report import comparison_tables, join_studies, read_page, run_tables, write_export


@pytest.mark.parametrize("kind", ["comparison", "sweep", "table"])
def test_the_page_of_a_folder_is_the_one_that_was_written(kind: str, pages: dict[str, Path]) -> None:
    assert read_page(pages[kind].parent).html == pages[kind].read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["run", "comparison", "sweep", "table"])
def test_every_table_and_figure_of_a_page_is_written(
    kind: str, pages: dict[str, Path], tmp_path: Path
) -> None:
    page = read_page(pages[kind].parent)
    files = write_export(page.data_files(), tmp_path / "new" / "folder", pages[kind].parent)
    assert len(files) == 2 * len(page.tables) + 3 * len(page.figures)
    assert page.tables
    assert page.figures
    for path in files:
        text = path.read_bytes().decode()
        if path.suffix == ".svg":
            ElementTree.fromstring(text)
        elif path.suffix == ".json":
            assert json.loads(text)["rows"]
        else:
            assert len(list(csv.reader(text.splitlines()))) > 1
            assert text.endswith("\r\n")


def test_the_files_have_the_numbers_of_the_tables(compared: Path, tmp_path: Path) -> None:
    write_export(read_page(compared).data_files(), tmp_path, compared)
    data = json.loads((compared / "comparison.json").read_text(encoding="utf-8"))
    for table in comparison_tables(data):
        assert (tmp_path / f"{table.name}.csv").read_bytes().decode() == table.to_csv()


def test_the_page_of_a_run_made_anew_has_the_times_of_all_its_stages(run: Run) -> None:
    html = read_page(run.path).html
    assert [name for name in run.seconds if f'data-key="time.{name}.seconds"' not in html] == []


def test_a_study_that_has_not_ended_leads_to_the_command_that_goes_on(compared: Path, tmp_path: Path) -> None:
    shutil.copytree(compared, tmp_path / "ended")
    (tmp_path / "a study").mkdir()
    (tmp_path / "a study" / "study.json").write_text("{}", encoding="utf-8")
    folder = tmp_path / "a study"
    for make in (lambda: read_page(folder), lambda: join_studies([tmp_path / "ended", folder], tmp_path)):
        with pytest.raises(RunError, match="its study has not ended") as caught:
            make()
        assert f"to go on: nasframe resume '{folder}', or the command" in str(caught.value)


def test_two_items_of_one_name_are_two_files(compared: Path, tmp_path: Path) -> None:
    data = json.loads((compared / "comparison.json").read_text(encoding="utf-8"))
    for trial in data["trials"]:
        trial["entropy"] = {"α": [0.5, 0.4], "β": [0.6, 0.3]}
    (tmp_path / "comparison.json").write_text(json.dumps(data), encoding="utf-8")
    assert {"figure-entropy.svg", "figure-entropy-2.svg"} <= read_page(tmp_path).data_files().keys()


def test_a_table_of_a_space_of_earlier_versions_has_its_page(tabulated: Path, tmp_path: Path) -> None:
    for ending in ("json", "jsonl"):
        shutil.copy(tabulated / f"table.{ending}", tmp_path / f"census.{ending}")
    assert read_page(tmp_path).html == read_page(tabulated).html


def test_the_tables_of_a_run_are_known_by_their_names(run: Run) -> None:
    assert [table.name for table in run_tables(run)] == [
        *("baselines", "roc", "per_category", "entropy", "stages", "space", "parameters", "time", "plugins")
    ]


# -- what is no study -----------------------------------------------------------------------------------


def test_a_folder_that_holds_nothing_is_refused_with_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"holds no run and no finished study; expected one of run\.json, "):
        read_page(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("comparison.json", "{", "comparison.json: cannot be read as JSON"),
        ("sweep.json", "[1]", "sweep.json: expected an object, found a list of 1"),
        ("sweep.json", '{"trials": 3}', "sweep.json: trials: expected a list, found 3"),
        ("comparison.json", '{"rows": [1]}', "comparison.json: rows.0: expected an object, found 1"),
        ("table.json", "{}", r"table.jsonl: no such file; a table of a space has it beside table.json"),
    ],
)
def test_a_damaged_record_is_named(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=message):
        read_page(tmp_path)


def test_a_damaged_row_of_a_table_is_named(tabulated: Path, tmp_path: Path) -> None:
    shutil.copy(tabulated / "table.json", tmp_path)
    (tmp_path / "table.jsonl").write_text("{\n", encoding="utf-8")
    with pytest.raises(RunError, match="table.jsonl: line 1: cannot be read as JSON"):
        read_page(tmp_path)


def test_a_record_of_a_search_without_its_epochs_is_named_with_its_file(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(run.path, folder)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for key in ("epochs", "converged"):
        lacking = {**record, "search": {k: v for k, v in record["search"].items() if k != key}}
        (folder / "run.json").write_text(json.dumps(lacking), encoding="utf-8")
        with pytest.raises(RunError, match=rf"run\.json: search\.{key} is missing"):
            read_page(folder)
