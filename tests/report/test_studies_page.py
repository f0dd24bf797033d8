"""Several studies on one page: their rows side by side, and what differs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from nasframe import Run
from nasframe.cli import main
from nasframe.display import Table
from nasframe.errors import RunError
from nasframe.report import join_studies, read_page, studies_page


@pytest.fixture
def two(compared: Path, swept: Path, tmp_path: Path) -> list[Path]:
    """A comparison and a sweep of the same task and objective."""
    shutil.copytree(compared, tmp_path / "first")
    shutil.copytree(swept, tmp_path / "second")
    return [tmp_path / "first", tmp_path / "second"]


def change(folder: Path, **values: Any) -> None:
    file = next(folder / name for name in ("comparison.json", "sweep.json") if (folder / name).is_file())
    record = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**record, **values}), encoding="utf-8")


def test_the_page_has_the_rows_of_all_studies_and_links_to_each(two: list[Path], tmp_path: Path) -> None:
    assert main(["report", *map(str, two), "--out", str(tmp_path / "out")]) == 0
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "late fusion" in html
    assert '<a href="./../first/report.html">first</a>' in html
    assert '<a href="./../second/report.html">second</a>' in html
    record = json.loads((tmp_path / "out" / "studies.json").read_text(encoding="utf-8"))
    assert [study["kind"] for study in record["studies"]] == ["comparison", "sweep"]
    assert record["objective"] == "auc"


def test_the_page_is_made_anew_from_its_folder(two: list[Path], tmp_path: Path) -> None:
    main(["report", *map(str, two), "--out", str(tmp_path / "out")])
    page = read_page(tmp_path / "out")
    assert [table.name for table in page.tables] == ["results", "costs", "options", "studies"]


def test_the_same_seeds_are_said_and_others_are_named(two: list[Path], tmp_path: Path) -> None:
    change(two[0], seeds=[0, 1])
    change(two[1], seeds=[0, 1])
    assert "All studies have the same seeds" in join_studies(two, tmp_path)["caveats"][0]
    change(two[1], seeds=[5])
    assert "first: 0, 1; second: 5" in join_studies(two, tmp_path)["caveats"][0]


def test_differences_of_versions_data_and_hardware_are_said(two: list[Path], tmp_path: Path) -> None:
    change(two[0], versions={"torch": "2.6"}, data="a", machines=[{"processor": "Fast One"}])
    change(two[1], versions={"torch": "2.14"}, data="b", machines=[{"processor": "Slow One"}])
    said = " ".join(join_studies(two, tmp_path)["caveats"])
    assert "different data" in said
    assert "first: torch 2.6; second: torch 2.14" in said
    assert "first: Fast One; second: Slow One" in said


def with_experiment(folder: Path, old: str, new: str) -> None:
    file = next(folder / name for name in ("comparison.json", "sweep.json") if (folder / name).is_file())
    toml = json.loads(file.read_text(encoding="utf-8"))["experiment"]
    assert old in toml
    change(folder, experiment=toml.replace(old, new))


def like_the_first(two: list[Path]) -> None:
    shutil.rmtree(two[1])
    shutil.copytree(two[0], two[1])


def test_the_options_that_differ_between_studies_stand_in_a_table(two: list[Path], tmp_path: Path) -> None:
    like_the_first(two)
    with_experiment(two[1], "epochs = 8", "epochs = 9")
    with_experiment(two[1], "nodes = 2", "nodes = 3")
    record = join_studies(two, tmp_path)
    assert record["options"] == [
        {"option": "space.nodes", "values": {"first": ["2"], "second": ["3"]}},
        {"option": "search.epochs", "values": {"first": ["8"], "second": ["9"]}},
    ]
    assert "2 options differ between the studies: space.nodes, search.epochs." in " ".join(record["caveats"])
    table = {table.name: table for table in studies_page(record, "both").tables}["options"]
    assert [*table.rows] == [["space.nodes", "2", "3"], ["search.epochs", "8", "9"]]


def test_options_that_the_loop_of_a_study_does_not_use_are_no_difference(
    two: list[Path], tmp_path: Path
) -> None:
    like_the_first(two)
    for study in two:
        with_experiment(study, 'name = "joint"', 'name = "random"')
    with_experiment(two[1], "epochs = 8", "epochs = 9")
    options = [item["option"] for item in join_studies(two, tmp_path)["options"]]
    assert "search.epochs" not in options


def with_runs(folder: Path, run: Run) -> None:
    """Give the trials of a study runs, each with an experiment of its own."""
    for place, variant in enumerate(("softmax", "grmc")):
        toml = run.experiment_toml.replace('name = "softmax"', f'name = "{variant}"')
        assert f'name = "{variant}"' in toml
        for trial in json.loads((folder / "comparison.json").read_text(encoding="utf-8"))["trials"]:
            if trial["variant"] == variant:
                shutil.rmtree(folder / trial["folder"], ignore_errors=True)
                shutil.copytree(run.path, folder / trial["folder"])
                more = f"\n[relaxation.more]\nown = {place}\n"
                (folder / trial["folder"] / "experiment.toml").write_text(toml + more, encoding="utf-8")


def test_options_that_vary_within_a_study_have_all_their_values_in_the_table(
    two: list[Path], run: Run, tmp_path: Path
) -> None:
    values = {item["option"]: item["values"] for item in join_studies(two, tmp_path)["options"]}
    assert values["relaxation.name"] == {"first": ["softmax", "grmc"], "second": ["softmax"]}
    with_runs(two[0], run)
    shutil.rmtree(two[1])
    shutil.copytree(two[0], two[1])
    for file in two[1].glob("cells/softmax-*/experiment.toml"):
        file.write_text(file.read_text(encoding="utf-8").replace("own = 0", "own = 7"), encoding="utf-8")
    values = {item["option"]: item["values"] for item in join_studies(two, tmp_path)["options"]}
    assert values == {"relaxation.more.own": {"first": ["0", "1"], "second": ["7", "1"]}}


def test_a_study_without_its_runs_differs_in_nothing_from_its_copy_with_them(
    two: list[Path], run: Run, tmp_path: Path
) -> None:
    like_the_first(two)
    with_runs(two[0], run)
    record = join_studies(two, tmp_path)
    assert record["options"] == []
    assert record["caveats"][-1] == (
        "The runs of second are not all there, so not all options of [relaxation] are known, "
        "and none of them is compared."
    )


def test_options_of_baselines_are_no_difference_of_rows(two: list[Path], tmp_path: Path) -> None:
    like_the_first(two)
    with_experiment(two[1], "[baselines]\nrandom = 2", "[baselines]\nrandom = 3")
    assert join_studies(two, tmp_path)["options"] == []


def test_no_time_is_marked_as_the_smallest_where_the_hardware_differs(
    two: list[Path], tmp_path: Path
) -> None:
    like_the_first(two)
    marked = [column.best for column in costs_of(join_studies(two, tmp_path)).columns if column.unit == "s"]
    assert "smallest" in marked
    change(two[1], machines=[{"processor": "Slow One"}])
    table = costs_of(join_studies(two, tmp_path))
    assert not any(column.best for column in table.columns if column.unit == "s")
    assert any(column.best for column in table.columns)
    assert table.note.endswith("No time is marked: the hardware or the versions differ.")


def costs_of(record: dict[str, Any]) -> Table:
    return next(table for table in studies_page(record, "both").tables if table.name == "costs")


def test_no_best_number_is_marked_between_studies_that_differ_and_the_page_says_so(
    two: list[Path], tmp_path: Path
) -> None:
    html = studies_page(join_studies(two, tmp_path), "both").html
    assert 'class="best"' not in html
    assert "No best number of a column is marked: options, seeds or data differ" in html


def test_blue_rows_and_bold_numbers_are_explained(two: list[Path], tmp_path: Path) -> None:
    like_the_first(two)
    record = join_studies(two, tmp_path)
    page = studies_page(record, "both")
    assert record["options"] == []
    assert "best" in page.html
    notes = " ".join(table.note for table in page.tables)
    assert "On a blue ground: the row that validation chose in its study." in notes
    assert "Bold: the largest on validation, of all studies." in notes
    assert "Bold: the smallest cost of a column, of all studies." in notes


@pytest.mark.parametrize("width", [1440, 400])
def test_every_column_of_the_page_is_seen_at_once(
    two: list[Path], tmp_path: Path, look: Any, width: int
) -> None:
    main(["report", *map(str, two), "--out", str(tmp_path / "out")])
    page = look(tmp_path / "out" / "report.html", width=width)
    wider = "boxes => boxes.filter(box => box.scrollWidth > box.clientWidth + 1).length"
    assert page.eval_on_selector_all(".scroll", wider) == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_another_objective_is_refused(two: list[Path], tmp_path: Path) -> None:
    change(two[1], objective="acc")
    with pytest.raises(RunError, match=r"second: its objective is acc, and that of .*first is auc"):
        join_studies(two, tmp_path)


def test_another_task_is_refused(two: list[Path], tmp_path: Path) -> None:
    change(two[1], experiment='[task]\nname = "other"\n')
    with pytest.raises(RunError, match=r"second: its task is other"):
        join_studies(two, tmp_path)


def test_a_folder_without_a_study_is_refused(two: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match=r"empty: holds no finished comparison or sweep"):
        join_studies([*two, tmp_path / "empty"], tmp_path)


@pytest.mark.parametrize("again", ["first", "second/../first", "link"])
def test_a_study_that_is_named_twice_is_refused_before_anything_is_read(
    two: list[Path], tmp_path: Path, again: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "link").symlink_to("first")
    (two[0] / "comparison.json").write_text("{", encoding="utf-8")
    folders = [*two, tmp_path / again]
    assert main(["report", *map(str, folders), "--out", str(tmp_path / "out")]) == 2
    assert f"{folders[2]}: is named twice" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_hostile_name_of_a_folder_is_a_link_to_it_and_no_markup(two: list[Path], tmp_path: Path) -> None:
    hostile = tmp_path / 'javascript:"><script>alert(1)'
    two[1].rename(hostile)
    main(["report", str(two[0]), str(hostile), "--out", str(tmp_path / "out")])
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert 'href="./../javascript%3A%22%3E%3Cscript%3Ealert%281%29/report.html"' in html
