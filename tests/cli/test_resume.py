"""`nasframe resume` on the command line: its words for folders of every kind."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from nasframe import Run
from nasframe.cli import main
from nasframe.plugins import manager
from tests.toys import SUMS, TOYS

WORDS = [str(SUMS), "search.epochs=1", "task.examples=16", "cache=cache"]

NOTHING = (
    "{}: nothing is left to do. If a command with --overwrite was ended before it replaced anything, "
    "give that command again\n"
)


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(words)
    said = capsys.readouterr()
    return status, said.out, said.err


def ask(folder: Path, unfinished: Any, name: str = "run.json") -> None:
    """Put unfinished work into the record of a folder, as a kill would leave it there."""
    record = json.loads((folder / name).read_text(encoding="utf-8"))
    (folder / name).write_text(json.dumps({**record, "unfinished": unfinished}), encoding="utf-8")


@pytest.fixture
def run(toy_sums: None, home: Path) -> Path:
    assert main(["search", *WORDS, "--out", "run"]) == 0
    return home / "run"


def test_a_finished_run_has_nothing_left_to_do(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert answer(capsys, "resume", "run") == (0, NOTHING.format("run"), "")


def test_an_interrupted_run_ends_with_the_last_screen_of_its_command(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(run, {"run": {}})
    capsys.readouterr()
    status, out, err = answer(capsys, "resume", "run")
    assert (status, "run/report.html" in out) == (0, True)
    assert "search: unchanged, skipped" in err
    assert (run / "test.json").exists()


@pytest.mark.parametrize("name", ["test.json", "scores.json", "metrics.jsonl"])
@pytest.mark.parametrize("command", ["resume", "report"])
def test_damaged_results_of_a_run_are_named_with_the_way_out(
    command: str, name: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / name).write_text('{"objective": 3}\n', encoding="utf-8")
    if name == "metrics.jsonl":
        (run / name).write_text('{"stage": "search"}\n', encoding="utf-8")
    capsys.readouterr()
    status, out, err = answer(capsys, command, "run")
    assert (status, out) == (2, "")
    assert f"run/{name}: " in err
    remedy = (
        "or remove the line" if name == "metrics.jsonl" else "evaluate the run again, which makes the file"
    )
    assert remedy in err


def test_damaged_results_of_a_study_are_made_anew_by_its_command(
    toy_sums: None, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sweep", *WORDS, "samples=1,2", "--workers", "1", "--out", "study"]
    assert main(words) == 0
    whole = (home / "study" / "sweep.json").read_bytes()
    (home / "study" / "sweep.json").write_text("{", encoding="utf-8")
    for command in ("resume", "report"):
        capsys.readouterr()
        status, out, err = answer(capsys, command, "study")
        assert (status, out) == (2, "")
        assert "study/sweep.json: cannot be read as JSON" in err
        assert "give the command of the study again: it makes the file anew from its trials" in err
    assert main(words) == 0
    assert (home / "study" / "sweep.json").read_bytes() == whole


def test_an_interrupted_study_goes_on(toy_sums: None, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", *WORDS, "samples=1,2", "--workers", "1", "--out", "study"]
    assert main(words) == 0
    capsys.readouterr()
    assert answer(capsys, "resume", "study") == (0, NOTHING.format("study"), "")
    call = {
        "call": "sweep",
        "experiment": {"values": {}, "source": "x", "name": "x"},
        "arguments": {"out": "/elsewhere"},
    }
    ask(home / "study", call, "study.json")
    status, _, err = answer(capsys, "resume", "study")
    assert (status, "unfinished.arguments.out: cannot be '/elsewhere'" in err) == (2, True)
    assert main([*words[:-1], "other", "--overwrite"]) == 0  # the same, as it is recorded
    begun = json.loads((home / "other/study.json").read_text(encoding="utf-8"))
    assert begun["unfinished"] == {}


def test_data_that_a_study_names_outside_its_folder_must_be_said_again(
    toy_sums: None, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "own data.txt").write_text("one", encoding="utf-8")
    words = ["sweep", *WORDS, "samples=1,2", "--workers", "1", "--out", "study", "--data", "own data.txt"]

    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("nasframe.studies.procedure.study.execute", interrupted)
        assert main(words) == 130
    again = shlex.split(capsys.readouterr().err.splitlines()[-1])
    assert again[-4:] == ["resume", "study", "--data", "own data.txt"]
    status, _, err = answer(capsys, "resume", "study")
    assert status == 2
    assert "unfinished.arguments.source names" in err
    assert f"nasframe resume study --data '{home / 'own data.txt'}'" in err
    assert answer(capsys, "resume", "study", "--table", "t")[0] == 2
    assert answer(capsys, *again[-4:])[0] == 0
    assert answer(capsys, "resume", "study") == (0, NOTHING.format("study"), "")


def test_a_folder_of_another_kind_is_told_from_a_run_with_the_runs_that_are_near(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("photos").mkdir()
    Path("photos/cat.jpg").write_text("meow", encoding="utf-8")
    Path("loop").symlink_to("loop")
    capsys.readouterr()
    for words, message in (
        (["resume", "loop"], "loop: no such folder; it is a link to nothing"),
        (["show", "loop"], "loop: no such run folder or architecture file; it is a link to nothing"),
        (["resume", "rum"], "rum: no such folder; did you mean 'run'?"),
        (["resume", "elsewhere/x"], "elsewhere/x: no such folder"),
        (["resume", "zzzzz"], "zzzzz: no such folder; there are: run"),
        (["resume", "photos"], "photos: is neither a run nor a study: it has no run.json and no study.json"),
        (["resume", "."], "in it there are: run"),
        (["resume", "photos/cat.jpg"], "photos/cat.jpg: is a file; expected a folder"),
    ):
        status, out, err = answer(capsys, *words)
        assert (status, out) == (2, "")
        assert message in err
        assert err.startswith("nasframe: ")


def test_a_run_made_with_a_plugin_file_says_which_one_to_add(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plugin = home / "own_sums.py"
    text = (TOYS / "toy_sums.py").read_text(encoding="utf-8")
    plugin.write_text(text.replace('{"sums": Sums}', '{"own": Sums}'), encoding="utf-8")
    assert main(["search", *WORDS, "task.name=own", "--out", "run", "--plugin", str(plugin)]) == 0
    ask(home / "run", {"run": {}})
    manager().unregister("own_sums")
    capsys.readouterr()
    status, _, err = answer(capsys, "resume", "run")
    assert status == 2
    assert f"no folder loads code by itself; add --plugin {plugin}" in err
    assert answer(capsys, "resume", "run", "--plugin", str(plugin))[0] == 0
    assert Run.open("run").record["unfinished"] == {}
