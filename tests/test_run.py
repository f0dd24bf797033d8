"""The run folder: never overwritten unless asked, readable, whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nasframe import Run
from nasframe.errors import RunError
from nasframe.plugins import manager


def test_a_new_run_records_plugins_with_versions_and_file_hashes(tmp_path: Path) -> None:
    record = Run.create(tmp_path / "run", "seed = 0\n").record
    assert set(record["plugins"]) == set(manager().names)
    assert record["plugins"]["nasframe_fusion"]["version"] == record["nasframe"]
    assert len(record["plugins"]["nasframe_fusion"]["sha256"]) == 64


def test_the_same_experiment_opens_the_run_that_is_there(tmp_path: Path) -> None:
    Run.create(tmp_path / "run", "seed = 0\n").log({"stage": "search", "epoch": 1})
    assert Run.create(tmp_path / "run", "seed = 0\n").metrics == [{"stage": "search", "epoch": 1}]


def test_another_experiment_is_refused_with_the_first_difference_and_nothing_is_lost(tmp_path: Path) -> None:
    Run.create(tmp_path / "run", "seed = 0\n").log({"stage": "search", "epoch": 1})
    with pytest.raises(RunError, match="there 'seed = 0', asked 'seed = 1'.*--overwrite"):
        Run.create(tmp_path / "run", "seed = 1\n")
    assert len(Run.open(tmp_path / "run").metrics) == 1


def test_what_decides_nothing_may_differ(tmp_path: Path) -> None:
    Run.create(tmp_path / "run", 'device = "cuda"\n', identity="same").log({"epoch": 1})
    assert len(Run.create(tmp_path / "run", 'device = "cpu"\n', identity="same").metrics) == 1


def test_a_run_is_replaced_when_asked(tmp_path: Path) -> None:
    Run.create(tmp_path / "run", "seed = 0\n").log({"stage": "search", "epoch": 1})
    assert Run.create(tmp_path / "run", "seed = 1\n", overwrite=True).metrics == []


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_that_holds_something_else_is_never_touched(overwrite: bool, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("meow")
    with pytest.raises(RunError, match="is there already and is no run folder"):
        Run.create(tmp_path / "photos", "", overwrite=overwrite)
    assert (tmp_path / "photos" / "cat.jpg").read_text() == "meow"


def test_a_file_in_the_way_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(RunError, match="is no run folder"):
        Run.create(tmp_path / "run", "", overwrite=True)


def test_a_run_of_another_format_version_is_refused(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "")
    run.note(format=2)
    with pytest.raises(RunError, match="run format 2 cannot be read; this version reads format 1"):
        Run.open(tmp_path / "run")
    with pytest.raises(RunError, match="run format 2"):
        Run.create(tmp_path / "run", "")


def test_a_missing_run_names_the_runs_beside_it(tmp_path: Path) -> None:
    Run.create(tmp_path / "demo", "")
    with pytest.raises(RunError, match=r"no such run folder; runs there: .*demo"):
        Run.open(tmp_path / "dmo")


@pytest.mark.parametrize(("content", "message"), [(None, "it has no run.json"), ("{", "cannot be read")])
def test_a_folder_without_a_readable_record_is_no_run(
    content: str | None, message: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunError, match=message):
        Run.open(tmp_path)


def test_a_line_that_a_kill_cut_short_is_left_out(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "")
    run.log({"epoch": 1})
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"epoch": 2, "lo')
    assert run.metrics == [{"epoch": 1}]
    run.keep_metrics(lambda record: True)
    run.log({"epoch": 2})
    assert [json.loads(line)["epoch"] for line in (run.path / "metrics.jsonl").read_text().splitlines()] == [
        1,
        2,
    ]


def test_a_run_without_an_architecture_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="has no architecture.json yet"):
        Run.create(tmp_path / "run", "").architecture  # noqa: B018
