"""An experiment made in Python, with its data in memory, is compared, swept and tabulated like any other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from attrs import field, frozen

import nasframe
from nasframe import Experiment, SearchOptions, TensorTask, TrainOptions
from nasframe.errors import ConfigurationError, RunError
from nasframe.relaxations import Softmax
from nasframe_bimodal.space import Bimodal
from tests.studies.records import without_times

STUDIES = ("compare", "sweep", "tabulate")


def experiment(**changes: Any) -> Experiment:
    random = torch.Generator().manual_seed(3)
    rows = torch.rand(2, 48, 2, 3, generator=random)
    labels = torch.arange(48) % 2
    rows[1] += labels[:, None, None] - 0.5
    # One input is a view whose memory the other shares, and is not contiguous.
    both = torch.stack([rows[0], rows[1]], dim=-1)
    given: dict[str, Any] = {
        "task": TensorTask({"left": both[..., 0], "right": both[..., 1]}, labels),
        "space": Bimodal(channels=4, cells=1, nodes=1, ports="choose"),
        "search": SearchOptions(epochs=1, min_epochs=1, batch_size=16),
        "train": TrainOptions(epochs=1, batch_size=16),
        "device": "cpu",
        "cache": "cache",
    }
    return Experiment.of(**{**given, **changes})


def compared(out: str, workers: int = 1) -> Mapping[str, Any]:
    return nasframe.compare(
        experiment(), out, relaxations=["softmax", "grmc"], seeds=2, random=1, workers=workers
    )


def swept(out: str, workers: int = 1) -> Mapping[str, Any]:
    axes = ["relaxation=softmax,grmc", "space.dropout=0.1,0.2"]
    return nasframe.sweep(experiment(), axes, ["loop.architecture_rate=0.1"], out=out, workers=workers)


def tabulated(out: str, workers: int = 1) -> Mapping[str, Any]:
    table = nasframe.tabulate(experiment(), out, architectures=6, workers=workers)
    return {**table.record, "rows": list(table.rows)}


DO: Mapping[str, Callable[..., Mapping[str, Any]]] = {
    "compare": compared,
    "sweep": swept,
    "tabulate": tabulated,
}


@pytest.mark.parametrize("study", STUDIES)
def test_tensors_are_studied_with_one_worker_and_with_several_alike(study: str, home: Path) -> None:
    one, two = DO[study]("one"), DO[study]("two", workers=2)
    assert not one.get("failed")
    assert {trial["status"] for trial in one.get("trials", ())} <= {"done"}
    assert without_times({**one, "title": ""}) == without_times({**two, "title": ""})


def test_the_runs_have_the_identity_that_a_run_in_python_has(home: Path) -> None:
    found = nasframe.sweep(experiment(), ["seed=0,1"], out="swept")
    alone = nasframe.run_experiment(experiment(seed=1, data_seed=0), "alone")
    run = nasframe.load_run(Path("swept") / found["trials"][1]["folder"])
    assert run.identity == alone.identity == experiment(seed=1, data_seed=0).fingerprint()
    assert run.test == alone.test


def test_tensors_are_written_once_and_as_no_pickle(home: Path) -> None:
    first = swept("swept")
    file = home / "swept" / "tensors.safetensors"
    before = file.stat().st_mtime_ns
    assert swept("swept") == first
    assert file.stat().st_mtime_ns == before
    assert [item.name for item in home.rglob("*.safetensors") if item.parent == file.parent] == [file.name]
    assert not [*home.rglob("*.pt"), *home.rglob("*.pkl")]


def test_a_study_of_other_tensors_is_refused(home: Path) -> None:
    tabulated("table")
    other = experiment(task=TensorTask({"left": torch.zeros(48, 3)}, torch.arange(48) % 2))
    with pytest.raises(RunError, match=r"task\.tensors\.left: there .float32 \[48, 2, 3\]"):
        nasframe.tabulate(other, "table", architectures=6)


def test_lost_tensors_are_written_again_and_damaged_ones_named(home: Path) -> None:
    swept("swept")
    file = home / "swept" / "tensors.safetensors"
    shutil.rmtree("swept/trials")
    file.write_bytes(b"nothing")
    failed = swept("swept")["trials"]
    assert {trial["status"] for trial in failed} == {"failed"}
    assert "tensors.safetensors: cannot be read" in failed[0]["error"]
    file.unlink()
    assert {trial["status"] for trial in swept("swept")["trials"]} == {"done"}


def test_a_comparison_of_tensors_is_set_against_the_table_beside_it(home: Path) -> None:
    tabulated("mine-table")
    (table,) = compared("mine", workers=2)["tables"]
    assert table["variants"] == ["softmax", "grmc"]
    assert table["correlation"]["grmc"]["architectures"] == 6
    for name in table["variants"]:
        for split, mean in table["mean_percentiles"][name].items():
            known = [table["percentiles"][f"{name},seed={seed}"][split] for seed in (0, 1)]
            assert list(mean["by_seed"].values()) == known
            assert mean["mean"] == pytest.approx(sum(known) / 2)
            assert 0 <= mean["low"] <= mean["mean"] <= mean["high"] <= 100


def test_the_default_table_of_an_experiment_made_in_python_is_found(home: Path) -> None:
    made = experiment()
    nasframe.tabulate(made, architectures=4)
    found = nasframe.compare(made, relaxations="softmax", seeds=1, random=0)
    assert [table["path"] for table in found["tables"]] == ["runs/experiment-table"]


def test_an_axis_of_tensors_is_refused(home: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"task\.labels: expected Tensor, found 1"):
        nasframe.sweep(experiment(), ["labels=1,2"], out="swept")
    assert list(home.iterdir()) == []


@frozen
class Mine(Softmax):
    """A relaxation of this file, which no plugin registers."""

    shape: Any = field(default=None)


@pytest.mark.parametrize("study", STUDIES)
def test_a_class_that_no_plugin_registers_is_refused_and_it_is_said_how_to_register_it(
    study: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = experiment(relaxation=Mine())
    monkeypatch.setitem(globals(), "experiment", lambda: made)
    with pytest.raises(ConfigurationError) as caught:
        DO[study]("out")
    (problem,) = caught.value.problems
    assert problem.startswith("relaxation: ")
    assert "Mine' was made in Python and no plugin registers it" in problem
    assert "the hook register_relaxations" in problem
    assert "nasframe.load_plugin(FILE) or --plugin FILE (docs/extending.md)" in problem
    assert list(home.iterdir()) == []


def test_an_option_that_no_file_can_hold_is_refused(home: Path, plugins: Any) -> None:
    class Plugin:
        @nasframe.hookimpl
        def register_relaxations(self) -> dict[str, type]:
            return {"mine": Mine}

    plugins.register(Plugin(), "mine")
    with pytest.raises(ConfigurationError, match=r"relaxation\.shape: a function cannot be written"):
        nasframe.tabulate(experiment(relaxation=Mine(shape=lambda: 3)), "table", architectures=2)
    assert list(home.iterdir()) == []


def test_a_finished_run_of_tensors_is_opened_and_its_experiment_is_not_read_from_its_file(home: Path) -> None:
    run = nasframe.run_experiment(experiment(), "run")
    assert nasframe.load_run("run").test == run.test
    with pytest.raises(ConfigurationError, match="pass `experiment=…` in Python"):
        nasframe.load_experiment("run")


def test_names_as_labels_reach_the_workers_and_the_scores(home: Path) -> None:
    tensors = experiment().task.tensors  # type: ignore[attr-defined]
    named = experiment(task=TensorTask(tensors, ["real", "fake"] * 24))
    found = nasframe.sweep(named, ["seed=0,1"], out="swept", workers=2)
    assert {trial["status"] for trial in found["trials"]} == {"done"}
    run = nasframe.load_run(Path("swept") / found["trials"][0]["folder"])
    scores = json.loads((run.path / "scores.json").read_text(encoding="utf-8"))
    assert (scores["negative"], scores["positive"]) == ("label fake", "label real")


def test_every_study_takes_overrides_as_a_mapping_as_well_as_in_words(home: Path) -> None:
    given = {"space": {"cells": 1}, "search.epochs": 1, "relaxation.temprature": 1.0}
    refused = []
    for overrides in (given, ["space.cells=1", "search.epochs=1", "relaxation.temprature=1.0"]):
        for call in (
            lambda words: nasframe.compare(experiment(), "one", overrides=words),
            lambda words: nasframe.sweep(experiment(), ["seed=1,2"], overrides=words, out="two"),
            lambda words: nasframe.tabulate(experiment(), "three", overrides=words),
        ):
            with pytest.raises(ConfigurationError, match=r"temprature: unknown key") as caught:
                call(overrides)
            refused.append(caught.value.problems)
    assert refused[:3] == refused[3:]
