"""Baselines that plugins register, in a comparison and in a sweep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest

import nasframe
from nasframe import BaselineOptions
from nasframe.cli import main
from tests.toys import PAIRS

PLUGIN = '''
"""A network on each input, and one on both."""
import math
from functools import partial

import torch
from nasframe import Baseline, hookimpl
from torch import nn


class Flat(nn.Module):
    def __init__(self, shapes, outputs):
        super().__init__()
        self.names = [*shapes]
        self.linear = nn.Linear(sum(map(math.prod, shapes.values())), outputs)

    def forward(self, inputs):
        return self.linear(torch.cat([inputs[name].flatten(1) for name in self.names], 1))


def each(data):
    return {
        f"linear, {name}": Baseline(partial(Flat, {name: shape}, data.outputs), single_stream=True)
        for name, shape in data.inputs.items()
    }


def both(data):
    return {"linear, both": partial(Flat, data.inputs, data.outputs)}


def broken(data):
    return {"broken": lambda: nn.Linear("six", 2)}


@hookimpl
def register_baselines():
    return {"each": each, "both": both, "broken": broken}
'''


@pytest.fixture
def here(home: Path) -> Path:
    (home / "flat_layers.py").write_text(PLUGIN, encoding="utf-8")
    return home


def command(name: str, *words: str) -> list[str]:
    quick = ["search.epochs=1", "train.epochs=1", "cache=cache"]
    return [name, str(PAIRS), *quick, *words, "--plugin", "flat_layers.py", "--out", name]


def compared(*words: str) -> dict[str, Any]:
    seeds = [] if "--seeds" in words else ["--seeds", "1"]
    assert main(command("compare", "--random", "1", *seeds, *words)) == 0
    found: dict[str, Any] = json.loads(Path("compare/comparison.json").read_text(encoding="utf-8"))
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [row["name"] for row in found["rows"] if row["kind"] == "baseline"]


@pytest.mark.usefixtures("here")
def test_a_comparison_has_the_registered_baselines_beside_those_of_the_task() -> None:
    found = compared('baselines.registered=["each"]', "--seeds", "2")
    kinds = {item["name"]: (item["kind"], item.get("registered")) for item in found["baselines"]}
    assert kinds["linear, left"] == ("registered", "flat_layers:each")
    assert kinds["concatenation"] == ("task", None)
    assert sorted(item["seed"] for item in found["baselines"] if item["name"] == "linear, right") == [4, 5]
    assert names(found)[-2:] == ["linear, left", "linear, right"]
    row = next(row for row in found["rows"] if row["name"] == "linear, left")
    assert row["values"]["parameters"]["mean"] == 6 * 2 + 2
    assert {(test["a"], test["b"]) for test in found["tests"]} >= {("grmc", "linear, left")}
    assert "linear, right" in Path("compare/report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("here")
def test_the_best_single_stream_is_chosen_among_those_of_the_task_and_the_registered_ones() -> None:
    found = compared('baselines.registered=["each"]')
    streams = {"left alone", "right alone", "linear, left", "linear, right"}
    scores = {
        item["name"]: item["validation"]["accuracy"] for item in found["baselines"] if item["name"] in streams
    }
    assert scores.keys() == streams
    best = max(scores, key=scores.__getitem__)
    assert f"best single stream ({best})" in names(found)


@pytest.mark.usefixtures("here")
def test_a_registered_baseline_is_the_network_that_a_run_trains() -> None:
    found = compared('baselines.registered=["both"]')
    assert main(command("run", 'baselines.registered=["both"]')) == 0
    run = nasframe.load_run("run")
    assert run.test is not None
    (trained,) = (item for item in found["baselines"] if item["name"] == "linear, both")
    assert trained["test"]["accuracy"] == run.test["baselines"]["linear, both"]["accuracy"]
    assert trained["validation"] == run.test["baselines"]["linear, both"]["validation"]


@pytest.mark.usefixtures("here")
def test_baselines_that_are_named_later_are_added_and_the_others_are_kept() -> None:
    before = compared('baselines.registered=["each"]')
    files = {file: file.stat().st_mtime_ns for file in Path("compare/baselines").rglob("*.json")}
    after = compared('baselines.registered=["both", "each"]')
    assert {"linear, both", *names(before)} == set(names(after))
    assert all(file.stat().st_mtime_ns == time for file, time in files.items())
    fewer = compared()
    assert "linear, both" not in names(fewer)


@pytest.mark.usefixtures("here")
def test_a_registered_baseline_that_cannot_be_made_is_refused_before_any_search(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(command("compare", 'baselines.registered=["broken"]')) == 2
    error = capsys.readouterr().err
    assert "baseline 'broken' of plugin 'flat_layers' (flat_layers.py)" in error
    assert "that of 'broken' fails: TypeError" in error
    assert not Path("compare/trials").exists()


@pytest.mark.usefixtures("here")
def test_a_comparison_from_python_has_the_registered_baselines_of_the_experiment() -> None:
    nasframe.load_plugin("flat_layers.py")
    experiment = nasframe.Experiment.load(PAIRS, ["search.epochs=1", "train.epochs=1", "cache=cache"])
    named = attrs.evolve(experiment, baselines=BaselineOptions(registered=("both",)))
    found = nasframe.compare(named, "python", seeds=1, random=0)
    assert "linear, both" in names(found)


@pytest.mark.usefixtures("here")
def test_a_sweep_trains_them_where_a_word_names_them() -> None:
    words = ["relaxation.temperature=0.1,0.5", 'baselines.registered=["both"]']
    assert main(command("sweep", *words)) == 0
    for folder in Path("sweep/trials").iterdir():
        test = nasframe.load_run(folder).test
        assert test is not None
        assert [*test["baselines"]] == ["linear, both"]
