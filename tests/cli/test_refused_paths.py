"""Paths that commands refuse before any work."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from nasframe.cli import main

pytestmark = pytest.mark.skipif(os.name == "nt", reason="names are texts there")

NAME = os.fsdecode(b"a\xff")
TOY = """
[task]
name = "streams"
[space]
name = "bimodal"
"""


@pytest.mark.parametrize(
    "words",
    [
        ["run", "toy.toml"],
        ["search", "toy.toml"],
        ["train", "toy.toml"],
        ["demo"],
        ["compare", "toy.toml"],
        ["sweep", "toy.toml", "temperature=1"],
        ["tabulate", "toy.toml"],
        ["new", "streams"],
        ["show", "runs/toy"],
        ["report", "runs/a", "runs/b"],
        ["export", "runs/toy"],
        ["deepfake", "audit", "data"],
    ],
)
def test_a_place_whose_name_is_not_utf_8_is_refused_before_any_work(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "toy.toml").write_text(TOY, encoding="utf-8")
    assert main([*words, "--out", NAME]) == 2
    assert "--out a\\udcff: the name is not UTF-8; choose another" in capsys.readouterr().err
    assert [item.name for item in home.glob("*a*")] == []


@pytest.mark.parametrize(
    "words", [["run"], ["search"], ["compare"], ["sweep", "temperature=1"], ["tabulate"]]
)
def test_a_folder_named_after_an_experiment_whose_name_is_not_utf_8_is_refused_before_any_work(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / f"{NAME}.toml").write_text(TOY, encoding="utf-8")
    assert main([words[0], f"{NAME}.toml", *words[1:]]) == 2
    captured = capsys.readouterr()
    assert "the name is not UTF-8; say another folder, as --out FOLDER" in captured.err
    assert not (home / "runs").exists()


def test_a_folder_of_a_name_that_is_not_utf_8_may_hold_the_experiment_of_a_run_with_another_name(
    home: Path,
) -> None:
    (home / NAME).mkdir()
    (home / NAME / "experiment.toml").write_text(TOY, encoding="utf-8")
    assert main(["search", f"{NAME}/experiment.toml", "search.epochs=1"]) == 0
    assert (home / "runs" / "experiment" / "architecture.json").is_file()


@pytest.mark.parametrize("option", ["tables", "latex", "figures"])
def test_files_for_a_paper_into_the_folder_of_the_report_itself_are_refused(
    option: str, finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(finished_run, tmp_path / "run"))
    before = sorted(item.name for item in run.iterdir())
    assert main(["report", str(run), f"--{option}", f"{run}/."]) == 2
    error = capsys.readouterr().err
    assert f"--{option} {run}: is the folder of a run or a study" in error
    assert f"such as {run / option}" in error
    assert sorted(item.name for item in run.iterdir()) == before
