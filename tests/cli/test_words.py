"""A word of the command line is that word: nothing in it is read as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nasframe.cli import main


@pytest.mark.parametrize("name", ["[1].mp4", "[3]", '["a.mp4", "b.mp4"]', "{}", "null", "[" * 200, "true"])
def test_a_file_of_any_name_is_scored_under_it(
    name: str, finished_run: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / name).write_text("[0.25, 0.75]", encoding="utf-8")
    assert main(["predict", str(finished_run), name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["file"] == name


def test_a_word_of_20000_brackets_is_a_file_that_is_not_there(
    finished_run: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(finished_run), "[" * 20_000]) == 1
    assert "cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["predict", "run", ""],
        ["predict", "", "clip.mp4"],
        ["predict", "run", "--list", ""],
        ["export", "run", "--out", ""],
        ["run", ""],
        ["run", "experiment.toml", "--out="],
        ["compare", "experiment.toml", "--data", ""],
        ["report", ""],
        ["resume", ""],
        ["resume", "run", "--table", ""],
        ["doctor", "--cache", ""],
        ["deepfake", "serve", "run", "--uploads", ""],
        ["deepfake", "synthesize", ""],
        ["estimators", "--run", ""],
    ],
)
def test_an_empty_word_is_no_path(words: list[str], home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "run").mkdir()
    assert main(words) == 2
    assert "expected a path, found an empty word" in capsys.readouterr().err
    assert [*home.iterdir()] == [home / "run"]


@pytest.mark.parametrize("words", [["show", ""], ["tables", ""], ["compare", "--on", ""]])
def test_an_empty_word_is_no_architecture_and_no_table(
    words: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert "empty word" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["plugins", "grmc"], "nasframe plugins: does not take grmc; valid: show"),
        (["plugins", "sho"], "nasframe plugins: does not take sho; did you mean 'show'?"),
        (["cache", "list"], "nasframe cache: does not take list; valid: remove"),
        (["doctor", "all"], "nasframe doctor: does not take all"),
    ],
)
def test_a_word_that_a_command_does_not_take_is_told_with_those_below_it(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert message in capsys.readouterr().err
