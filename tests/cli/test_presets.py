"""`--preset NAME`, in the commands that take an experiment."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from nasframe.cli import main
from nasframe.plugins import hookimpl, manager
from tests.toys import STREAMS

TINY = """
[task]
name = "streams"
[loop]
name = "joint"
[search]
epochs = 1
[train]
epochs = 1
"""


@pytest.fixture(autouse=True)
def _tiny_preset(home: Path) -> Iterator[None]:
    (home / "tiny.toml").write_text(TINY, encoding="utf-8")
    plugin = SimpleNamespace(register_presets=hookimpl(lambda: {"tiny": home / "tiny.toml"}))
    manager().register(plugin, "small_things")
    yield
    manager().unregister("small_things")


@pytest.mark.parametrize("command", [["run", str(STREAMS)], ["search", str(STREAMS)], ["demo", "streams"]])
def test_a_run_holds_the_experiment_with_the_preset_in_it(home: Path, command: list[str]) -> None:
    assert main([*command, "search.batch_size=8", "--preset", "tiny", "--out", "made"]) == 0
    text = (home / "made/experiment.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    assert found["loop"]["name"] == "joint"
    assert (found["search"]["epochs"], found["search"]["batch_size"], found["train"]["epochs"]) == (1, 8, 1)
    assert "tiny" not in text


def test_a_run_is_read_and_goes_on_without_the_preset(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", str(STREAMS), "--preset", "tiny", "--out", "made"]) == 0
    manager().unregister("small_things")
    manager().register(SimpleNamespace(), "small_things")
    assert main(["train", "made"]) == 0
    assert main(["run", "made/experiment.toml", "--out", "made"]) == 0
    assert main(["resume", "made"]) == 0
    assert main(["report", "made"]) == 0
    assert tomllib.loads((home / "made/experiment.toml").read_text("utf-8"))["loop"]["name"] == "joint"


def test_the_same_command_goes_on_with_its_run(home: Path) -> None:
    assert main(["search", str(STREAMS), "--preset", "tiny", "--out", "made"]) == 0
    before = (home / "made/metrics.jsonl").read_bytes()
    assert main(["run", str(STREAMS), "--preset", "tiny", "--out", "made"]) == 0
    assert (home / "made/metrics.jsonl").read_bytes().startswith(before)


def test_a_sweep_and_a_table_are_made_with_the_preset(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", str(STREAMS), "space.channels=4,6", "--preset", "tiny", "--workers", "1"]
    assert main(words) == 0
    runs = (home / "runs/streams-sweep").rglob("experiment.toml")
    assert [tomllib.loads(run.read_text("utf-8"))["loop"]["name"] for run in runs] == ["joint", "joint"]
    words = ["tabulate", str(STREAMS), "--architectures", "2", "--preset", "tiny", "--workers", "1"]
    assert main(words) == 0
    assert "--preset tiny" in capsys.readouterr().out  # of the next command


def test_every_variant_of_a_comparison_has_the_preset(home: Path) -> None:
    words = ["compare", str(STREAMS), "--relaxation", "softmax", "--seeds", "1", "--random", "0"]
    assert main([*words, "--preset", "tiny", "--workers", "1", "--out", "both"]) == 0
    (run,) = (home / "both").rglob("experiment.toml")
    assert tomllib.loads(run.read_text("utf-8"))["loop"]["name"] == "joint"


def test_loops_on_a_table_take_no_preset(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--on", "av-digits-fusion", "--preset", "tiny"]) == 2
    assert "--preset: with --on the experiment is that of the table" in capsys.readouterr().err


def test_an_unknown_preset_is_answered_with_the_near_one(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("run", "sweep"):
        assert main([command, str(STREAMS), "--preset", "tniy"]) == 2
        assert "unknown preset 'tniy'; did you mean 'tiny'?" in capsys.readouterr().err


def test_the_list_of_plugins_and_the_help_show_presets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins"]) == 0
    rows = [line.split()[:3] for line in capsys.readouterr().out.splitlines()]
    assert ["preset", "tiny", "small_things"] in rows
    assert ["preset", "paper", "nasframe_deepfake"] in rows
    assert main(["plugins", "show", "preset:tiny"]) == 0
    assert "tiny.toml" in capsys.readouterr().out
    for command in ("run", "search", "train", "demo", "compare", "sweep", "tabulate"):
        main([command, "--help"])
        assert "--preset" in capsys.readouterr().out
