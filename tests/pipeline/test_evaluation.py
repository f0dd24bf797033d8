"""Evaluation on the test split, and prediction: what they report and what they need."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from sklearn.metrics import accuracy_score

import nasframe
from nasframe import Experiment, SearchOptions, TrainOptions
from nasframe.errors import ContractError, RunError
from nasframe_bimodal.space import Bimodal
from tests.toys.toy_digits import Digits, digits


def test_only_evaluate_opens_the_test_split(experiment: Experiment, tmp_path: Path) -> None:
    sealed = Experiment.parse(experiment.to_dict() | {"task": {"name": "sealed"}})
    nasframe.search(sealed, tmp_path / "run")
    nasframe.train(sealed, tmp_path / "run")
    with pytest.raises(ContractError, match="opening the test split raised OpenedTestSplitError"):
        nasframe.evaluate(tmp_path / "run")


def test_evaluate_reports_the_metrics_and_the_size(experiment: Experiment, tmp_path: Path) -> None:
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    result = nasframe.evaluate(run)
    assert result == run.test == json.loads((run.path / "test.json").read_text())
    cost = nasframe.cost_of(run.architecture)
    assert (
        result["parameters"]
        == result["parameters_total"]
        == cost.parameters
        == sum(result["parameters_by_part"].values())
    )
    assert result["multiply_adds"] == cost.multiply_adds
    assert result["examples"] == 40


def test_the_reported_accuracy_is_that_of_the_saved_network(experiment: Experiment, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    run = nasframe.run_experiment(experiment, tmp_path / "run")
    network = nasframe.build(run.architecture).eval()
    network.load_state_dict(load_file(next(run.checkpoints.glob("network-*.safetensors"))))
    split = Digits().data({"digits": Path(run.record["data"]["folders"]["digits"])}).splits.test()
    batch = split.batch(torch.arange(len(split)))
    with torch.no_grad():
        guesses = network(batch.inputs).argmax(-1)
    assert run.test is not None
    assert run.test["accuracy"] == pytest.approx(accuracy_score(batch.targets, guesses))


def test_evaluate_before_training_says_what_to_do(experiment: Experiment, tmp_path: Path) -> None:
    nasframe.search(experiment, tmp_path / "run")
    with pytest.raises(RunError, match="has no trained network yet; go on with `nasframe train"):
        nasframe.evaluate(tmp_path / "run")


def test_a_run_of_a_task_made_in_python_is_evaluated_with_its_experiment(tmp_path: Path) -> None:
    experiment = Experiment.of(
        task=digits(120),
        space=Bimodal(channels=4),
        search=SearchOptions(epochs=1),
        train=TrainOptions(epochs=1),
        device="cpu",
    )
    run = nasframe.run_experiment(experiment, tmp_path / "run")
    assert nasframe.evaluate(run, experiment=experiment) == run.test


def test_predict_raises_at_the_call(experiment: Experiment, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no such run folder"):
        nasframe.predict(tmp_path / "nowhere", [])
    nasframe.search(experiment, tmp_path / "run")
    with pytest.raises(RunError, match="has no trained network yet"):
        nasframe.predict(tmp_path / "run", [])


def test_a_label_of_the_test_split_that_no_output_stands_for_is_not_evaluated(
    finished_run: Path, toy_streams: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, usual = shutil.copytree(finished_run, tmp_path / "run"), toy_streams.Streams.data
    before = (run / "test.json").read_bytes()

    def data(task: Any, folders: Any) -> nasframe.Data:
        found: nasframe.Data = usual(task, folders)
        found.splits.test().targets[3] = 7  # type: ignore[attr-defined]
        return found

    monkeypatch.setattr(toy_streams.Streams, "data", data)
    with pytest.raises(ContractError, match="loss raised IndexError: .* from 0 to 7, those of the split"):
        nasframe.evaluate(run)
    assert (run / "test.json").read_bytes() == before
