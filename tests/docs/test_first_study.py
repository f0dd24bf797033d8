"""The page of a first study: its commands exist, and the way from a table to a comparison runs."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from nasframe.cli import main, make_app

PAGE = (Path(__file__).parents[2] / "docs" / "first-study.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
(LINES,) = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [shlex.split(line) for line in LINES.splitlines()]
FEW = ["search.epochs=2", "search.min_epochs=1", "search.finalists=0", "train.epochs=1", "baselines.random=1"]


def test_there_are_ten_commands() -> None:
    assert [*FILES] == ["make_machines.py", "study.py"]
    assert len(COMMANDS) <= 10


@pytest.mark.parametrize("words", COMMANDS[1:], ids=" ".join)
def test_every_command_exists_with_its_options(words: list[str]) -> None:
    command, _, unused = make_app().parse_known_args(words[1:])[:3]
    assert command.__name__ == words[1]
    assert not unused


@pytest.fixture
def machines(home: Path) -> Path:
    exec(FILES["make_machines.py"], {"__name__": "__main__"})
    return home


def test_the_words_of_new_are_those_of_the_page(machines: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(COMMANDS[1][1:]) == 0
    assert capsys.readouterr().err.strip() in PAGE


def test_a_table_becomes_an_experiment_a_run_and_a_comparison(machines: Path) -> None:
    for words in (COMMANDS[1], COMMANDS[2], COMMANDS[4], COMMANDS[7]):
        _, command, *others = words
        more = FEW if command in ("run", "compare") else []
        fewer = ["--seeds", "1", "--workers", "1"] if command == "compare" else []
        if fewer:
            del others[others.index("--seeds") : others.index("--seeds") + 2]
        assert main([command, *others, *more, *fewer]) == 0
    found = json.loads((machines / "runs" / "machines" / "test.json").read_text())
    assert found["objective"] == "accuracy"
    assert (machines / "tables" / "results.csv").is_file()


def test_the_study_in_python_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = re.sub(r"epochs=20", "epochs=2", FILES["study.py"]).replace("min_epochs=5", "min_epochs=1")
    code = code.replace("seeds=5", "seeds=1").replace("random=3", "random=1")
    exec(code, {"__name__": "__main__"})
    assert (home / "runs" / "arrays-compare" / "comparison.json").is_file()
    assert (home / "runs" / "arrays-sweep" / "sweep.json").is_file()
