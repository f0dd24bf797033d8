"""A run keeps its operations, though other plugins register their names later."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from torch import Tensor

from nasframe import Operation, hookimpl
from nasframe.cli import main
from nasframe.plugins import PluginManager
from nasframe.runs import Run
from tests.toys import STREAMS

OPERATIONS = 'space.operations=["zero", "gate"]'


class Larger(Operation):
    """The operation of the run."""

    arity = 2

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x.maximum(y)


class Strange(Operation):
    """An operation that would fail in its place."""

    arity = 3


class Softer:
    """Something else than a relaxation."""


class Ours:
    """The plugin with which the run is made."""

    @hookimpl
    def register_operations(self) -> dict[str, Any]:
        return {"gate": Larger}


class Others:
    """A plugin that is installed later, with the same names."""

    @hookimpl
    def register_operations(self) -> dict[str, Any]:
        return {"gate": Strange, "head": Strange, "zero": Strange}

    @hookimpl
    def register_relaxations(self) -> dict[str, Any]:
        return {"softmax": Softer}


@pytest.fixture
def run(tmp_path: Path, toy_streams: ModuleType, plugins: PluginManager) -> Path:
    """The folder of a finished run; afterwards another plugin registers names that it uses."""
    plugins.register(Ours(), "ours")
    assert main(command(tmp_path)) == 0
    plugins.register(Others(), "others")
    return tmp_path / "run"


def command(folder: Path) -> list[str]:
    words = [OPERATIONS, "space.ports=choose", "relaxation.name=softmax", f"cache={folder / 'cache'}"]
    return ["run", str(STREAMS), *words, "--out", str(folder / "run")]


def test_a_run_records_the_plugin_of_every_name(run: Path) -> None:
    names = json.loads((run / "run.json").read_text())["names"]
    assert names["operation"]["gate"] == "ours"
    assert names["operation"]["sum"] == "nasframe_fusion"
    assert names["relaxation"]["softmax"] == "nasframe"
    assert names["space"]["bimodal"] == "nasframe_bimodal"


def test_a_finished_run_is_read_evaluated_and_trained_with_its_own_operations(run: Path) -> None:
    before = Run.open(run).architecture
    for words in (["show"], ["evaluate"], ["train", "--overwrite"], ["evaluate"]):
        name, *options = words
        assert main([name, str(run), *options]) == 0, words
    assert Run.open(run).architecture == before


def test_the_command_that_made_a_run_finds_it_finished(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(command(run.parent)) == 0
    assert "search: unchanged, skipped" in capsys.readouterr().err


def test_a_search_that_goes_on_keeps_its_operations(run: Path) -> None:
    record = json.loads((run / "run.json").read_text())
    architecture = (run / "architecture.json").read_bytes()
    (run / "architecture.json").unlink()
    (run / "run.json").write_text(json.dumps(record | {"done": {}}))
    assert main(command(run.parent)) == 0
    assert (run / "architecture.json").read_bytes() == architecture


def test_a_new_run_has_to_say_which_plugin_it_means(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = [*command(run.parent)[:-1], str(run.parent / "another")]
    assert main(elsewhere) == 2
    assert "say nasframe:zero or others:zero" in capsys.readouterr().err


def test_in_a_run_without_the_record_a_name_is_nasframe_s_own(run: Path) -> None:
    record = json.loads((run / "run.json").read_text())
    del record["names"]
    (run / "run.json").write_text(json.dumps(record))
    document = json.loads((run / "architecture.json").read_text())
    names = {key: value for key, value in document.items() if key not in ("operations", "packages")}
    (run / "architecture.json").write_text(json.dumps(names | {"format": 1}))
    found = Run.open(run)
    assert found.names.owner("relaxation", "softmax") is None
    text = found.experiment_toml.replace('"gate"', '"sum"')
    (run / "experiment.toml").write_text(text)
    from nasframe.pipeline import load_experiment

    assert load_experiment(found).relaxation.__class__.__name__ == "Softmax"
