"""A damaged record of a run or a study: the file, the mistake, and the ways out."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasframe.cli import main

UNKNOWN = '{"format": 1, "kind": "sweep", "plan": null, "unfinished": {"call": "cook"}}'
RUNS = "Before that, copy the folder s/trials elsewhere: each run in it is read by itself."
WAYS = "Put back a whole copy of run.json, or remove the folder r and give the command that made it again."
FIRST = (
    "Before that, copy architecture.json and experiment.toml elsewhere: they are of use without the record."
)


def write_run(home: Path, text: str, *others: str) -> None:
    (home / "r").mkdir()
    for name, content in {"run.json": text, **dict.fromkeys(others, "")}.items():
        (home / "r" / name).write_text(content, encoding="utf-8")


def error_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main([*words]) == 2
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "text",
    [
        '{"format": 1',
        '{"format": 1, "nasframe": 3, "experiment": "a"}',
        '{"format": 1, "nasframe": "0.2.0", "experiment": "a", "done": "x"}',
        '{"format": "1", "nasframe": "0.2.0", "experiment": "a"}',
        '{"format": 1}',
        "[]",
    ],
)
@pytest.mark.parametrize("command", ["evaluate", "predict", "show", "report", "resume"])
def test_a_damaged_record_of_a_run_is_named_with_the_mistake_and_the_ways_out(
    command: str, text: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(home, text, "architecture.json", "experiment.toml")
    error = error_of(capsys, command, "r", *(["a.csv"] if command == "predict" else []))
    assert error.startswith("nasframe: r")
    assert "run.json" in error
    assert error.count(WAYS) == 1
    assert error.endswith(FIRST)


def test_only_files_that_are_there_are_named_as_of_use_without_the_record_of_a_run(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(home, "{")
    assert error_of(capsys, "report", "r").endswith(WAYS)
    (home / "r" / "architecture.json").touch()
    assert "Before that, copy architecture.json elsewhere: it is of use" in error_of(capsys, "report", "r")


@pytest.mark.parametrize("text", ['{"format": 99}', '{"format": 99, "nasframe": "9.0"}'])
@pytest.mark.parametrize("command", ["evaluate", "report", "resume"])
def test_a_record_of_a_later_format_is_one_of_a_later_nasframe_and_not_damaged(
    command: str, text: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(home, text)
    (home / "s").mkdir()
    (home / "s" / "study.json").write_text(text, encoding="utf-8")
    error = error_of(capsys, command, "r")
    assert "run format 99 cannot be read; this version reads format 1; a later nasframe made it" in error
    assert "Put back" not in error
    if command == "resume":
        error = error_of(capsys, "resume", "s")
        assert "study format 99 cannot be read; this version reads 1; a later nasframe made it" in error
        assert "Put back" not in error


@pytest.mark.parametrize("text", ['{"format": 1', "[]", '{"format": 1, "kind": 3, "plan": null}', UNKNOWN])
def test_a_damaged_record_of_a_study_is_named_with_the_mistake_and_the_ways_out(
    text: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "s" / "trials" / "a").mkdir(parents=True)
    (home / "s" / "study.json").write_text(text, encoding="utf-8")
    error = error_of(capsys, "resume", "s")
    ways = WAYS.replace("run.json", "study.json").replace("folder r", "folder s")
    assert "study.json" in error
    assert error.endswith(ways)
    (home / "s" / "trials" / "a" / "run.json").touch()
    assert error_of(capsys, "resume", "s").endswith(f"{ways} {RUNS}")
