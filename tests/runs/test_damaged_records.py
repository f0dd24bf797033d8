"""A damaged record of a run or a study: the file, the mistake, and the ways out."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasframe.cli import main


@pytest.mark.parametrize("text", ['{"format": 1', '{"format": 1, "nasframe": 3, "experiment": "a"}'])
@pytest.mark.parametrize("command", ["evaluate", "predict", "show", "report", "resume"])
def test_a_damaged_record_of_a_run_is_named_with_the_mistake_and_the_ways_out(
    command: str, text: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "r").mkdir()
    (home / "r" / "run.json").write_text(text)
    assert main([command, "r", *(["a.csv"] if command == "predict" else [])]) != 0
    error = " ".join(capsys.readouterr().err.split())
    assert "r/run.json: " in error
    assert "Put back a whole copy of run.json, or remove the folder r and give the command" in error
    assert "architecture.json and experiment.toml can be kept" in error


def test_a_damaged_record_of_a_study_is_named_with_the_mistake_and_the_ways_out(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "s").mkdir()
    (home / "s" / "study.json").write_text('{"format": 1')
    assert main(["resume", "s"]) != 0
    error = " ".join(capsys.readouterr().err.split())
    assert "s/study.json: cannot be read as JSON" in error
    assert "Put back a whole copy of study.json, or remove the folder s and give the command" in error
