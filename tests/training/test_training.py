"""The final training: edge cases, refusals, and resuming."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import pytest
import torch
from torch import Tensor

from nasframe import Architecture, Data, Run, TensorTask, TrainOptions, build
from nasframe.errors import RunError
from nasframe.training import Training
from nasframe_bimodal.space import Bimodal


def training(task: TensorTask, data: Data, **changes: Any) -> Training:
    space = Bimodal(channels=4, cells=1, nodes=1).build(data.inputs, data.outputs)
    arguments: dict[str, Any] = {
        "network": build(Architecture(space, space.sample(0)), seed=0),
        "task": task,
        "data": data,
        "options": TrainOptions(epochs=2, batch_size=64),
    }
    return Training(**arguments | changes)


def test_a_network_without_parameters_is_scored_and_not_trained(toy_plugin: ModuleType) -> None:
    space = toy_plugin.ToySpace().build({"x": (3, 2)}, 1)
    task = toy_plugin.ToyTask()
    network = build(Architecture(space, toy_plugin.BEST))
    engine = Training(network=network, task=task, data=task.data({}), options=TrainOptions(epochs=2))
    engine.fit()
    assert [record["loss"] for record in engine.history] == [0.0, 0.0]
    assert engine.best_epoch == 1


def test_a_network_without_parameters_resumes(toy_plugin: ModuleType, tmp_path: Path) -> None:
    space = toy_plugin.ToySpace().build({"x": (3, 2)}, 1)
    task, run = toy_plugin.ToyTask(), Run.create(tmp_path / "run", "")
    for epochs in (1, 2):
        network = build(Architecture(space, toy_plugin.BEST))
        options = TrainOptions(epochs=epochs)
        Training(network=network, task=task, data=task.data({}), options=options, run=run).fit()
    assert [record["epoch"] for record in run.history("train")] == [1, 2]


def test_a_loss_that_is_not_finite_is_refused_and_not_kept(
    digits: TensorTask, digits_data: Data, tmp_path: Path
) -> None:
    class Broken(TensorTask):
        def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
            return TensorTask.loss(self, outputs, targets) * torch.nan

    run = Run.create(tmp_path / "run", "")
    broken = Broken(digits.tensors, digits.labels)
    with pytest.raises(RunError, match="the loss of epoch 1 of the training is not finite"):
        training(broken, digits_data, run=run).fit()
    assert run.metrics == []
    assert not list(run.checkpoints.iterdir())


def test_outputs_that_are_not_finite_are_refused_and_not_kept(
    digits: TensorTask, digits_data: Data, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run", "")
    engine = training(digits, digits_data, run=run)

    def spoil(*ignored: object) -> None:  # as the last update of an epoch may, whose loss nobody sees
        for parameter in engine.network.parameters():
            parameter.data.fill_(torch.nan)

    usual = engine.outputs_on_validation

    class Spoilt(Training):
        def outputs_on_validation(self) -> tuple[Tensor, Tensor]:
            spoil()
            return usual()

    spoilt = Spoilt(**{item.name: getattr(engine, item.name) for item in attrs.fields(Training) if item.init})
    with pytest.raises(
        RunError, match="after epoch 1 of the training, the outputs of the network .* are not finite"
    ):
        spoilt.fit()
    assert run.metrics == []
    assert not list(run.checkpoints.iterdir())


def test_a_plugins_own_lines_do_not_disturb_a_training_that_goes_on(
    digits: TensorTask, digits_data: Data, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run", "")
    run.log({"mine": 1})
    training(digits, digits_data, run=run, options=TrainOptions(epochs=1, batch_size=64)).fit()
    run.log({"mine": 2})
    engine = training(digits, digits_data, run=run)
    engine.fit()
    assert [record["epoch"] for record in engine.history] == [1, 2]
    assert [record["mine"] for record in run.metrics if "mine" in record] == [1, 2]
