"""A step of the training whose loss or gradient is not finite: it ends there, and says where it was made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from nasframe import Run, TensorTask, TrainOptions
from nasframe.errors import DataError, RunError
from nasframe.training import OutputError, Training, collect_outputs
from tests.comparing import without_time


class Plain(nn.Module):
    """A baseline: two layers, the first of which may be told to fail in its tenth training pass."""

    seen: Tensor

    def __init__(self, fails: bool = True) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.hidden, self.output = nn.Linear(2, 4), nn.Linear(4, 2)
        self.fading = Fading(fails)
        self.dropout = nn.Dropout(0.3)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        found: Tensor = self.output(self.dropout(self.fading(self.hidden(inputs["x"]))))
        return found


class Fading(nn.Module):
    seen: Tensor

    def __init__(self, fails: bool) -> None:
        super().__init__()
        self.fails = fails
        self.register_buffer("seen", torch.zeros(()), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.seen += 1
        return x * (9.5 - self.seen).sqrt() if self.fails else x


def task(rows: Tensor | None = None) -> TensorTask:
    random = torch.Generator().manual_seed(0)
    x = torch.rand(40, 2, generator=random)
    return TensorTask({"x": x if rows is None else rows}, (x[:, 0] > x[:, 1]).long())


def training(network: nn.Module, made: TensorTask | None = None, **changes: Any) -> Training:
    made = made or task()
    options = changes.pop("options", TrainOptions(epochs=3, batch_size=4))
    return Training(network=network, task=made, data=made.data({}), options=options, **changes)


def message(engine: Training) -> str:
    with pytest.raises(RunError) as caught:
        engine.fit()
    return str(caught.value)


def test_the_layer_of_a_baseline_that_made_the_bad_number_is_named_with_step_and_examples(
    tmp_path: Path,
) -> None:
    run = Run.create(tmp_path / "run", "")
    found = message(training(Plain(), run=run))
    # 24 examples are six steps an epoch, so the tenth is the fourth of the second epoch
    assert "the loss of epoch 2 of the training is not finite (nan) in step 4" in found
    assert "made by layer 'fading' (Fading)" in found
    assert found.count("Its examples: ") == 1
    assert f"The state after epoch 1 is kept in {run.checkpoints / 'train.json'}." in found
    assert "lower" not in found


@pytest.mark.parametrize("every", [2, 4, 50])
def test_a_flag_that_is_read_now_and_then_ends_in_the_same_step_with_the_same_words(every: int) -> None:
    assert message(training(Plain(), check_every=every)) == message(training(Plain(), check_every=1))


@pytest.mark.parametrize("clip", [5.0, 0.0])
def test_both_ways_to_check_give_the_same_bits(clip: float) -> None:
    options = TrainOptions(epochs=3, batch_size=4, clip_norm=clip)
    engines = [training(Plain(fails=False), options=options, check_every=every) for every in (1, 4, 50)]
    for engine in engines:
        engine.fit()
    for engine in engines[1:]:
        assert without_time(engine.history) == without_time(engines[0].history)
        for name, value in engine.network.state_dict().items():
            assert torch.equal(value, engines[0].network.state_dict()[name])


@pytest.mark.parametrize("clip", [5.0, 0.0])
def test_a_gradient_that_is_not_finite_ends_the_training_though_the_loss_is(clip: float) -> None:
    class Steep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(2))

        def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
            return (self.scale * inputs["x"] * 0).abs().sqrt()

    options = TrainOptions(epochs=1, batch_size=4, clip_norm=clip)
    found = message(training(Steep(), options=options))
    assert (
        "a gradient of epoch 1 of the training is not finite, though its loss is (0.6931), in step 1" in found
    )
    assert "is not finite appeared in the gradient of the network Steep" in found


def test_the_learning_rate_is_to_be_lowered_where_parameters_grew_and_inputs_are_finite() -> None:
    class Cubic(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(2))

        def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
            return inputs["x"] * self.scale.pow(2).exp()

    options = TrainOptions(epochs=3, batch_size=4, learning_rate=100.0)
    found = message(training(Cubic(), options=options))
    assert "The parameters grew from at most 1 to 10" in found
    assert "lower train.learning_rate" in found


def test_a_validation_loss_that_is_not_finite_tells_the_learning_rate_and_the_state(tmp_path: Path) -> None:
    class Odd(TensorTask):
        def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
            found = super().loss(outputs, targets)
            return found if outputs.requires_grad else found * torch.inf

    made, run = task(), Run.create(tmp_path / "run", "")
    options = TrainOptions(epochs=2, batch_size=4, learning_rate=100.0)
    engine = training(Plain(fails=False), Odd(made.tensors, made.labels), options=options, run=run)
    first, *rest = message(engine).splitlines()
    assert first == (
        "the validation loss after epoch 1 of the training is not finite (inf), of finite outputs"
    )
    assert len(rest) == 2
    assert "The parameters grew from at most " in rest[0]
    assert rest[0].endswith(": lower train.learning_rate.")
    assert rest[1] == "  No epoch has ended, so no checkpoint was written."
    assert engine.history == run.metrics == []


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_example_that_is_not_finite_is_named_and_no_learning_rate(value: float) -> None:
    made = task()
    row = int(made.data({}).splits.weights.identifiers[2])
    made.tensors["x"][row, 1] = value
    found = message(training(Plain(fails=False), made))
    assert f"Not finite is the input 'x' of {row}." in found
    assert "lower" not in found


def test_outputs_name_the_example_the_split_and_the_layer() -> None:
    made, network = task(), Plain(fails=False)
    split = made.data({}).splits.validation
    with torch.no_grad():
        network.output.bias.fill_(1e38)
        network.output.weight.fill_(1e38)
        network.hidden.weight.fill_(1e38)
    with pytest.raises(OutputError, match=r"on the split 'validation' are not finite for .* made by layer"):
        collect_outputs(network, network, split, 4, torch.device("cpu"), "validation")
    split.inputs["x"][1, 0] = torch.nan  # type: ignore[attr-defined]
    with pytest.raises(DataError, match=f"Not finite is the input 'x' of {split.identifiers[1]}"):
        collect_outputs(network, network, split, 4, torch.device("cpu"), "validation")


def test_a_metric_that_is_undefined_by_right_stays_undefined_and_chooses_by_the_loss() -> None:
    class Undefined(TensorTask):
        def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
            return {"accuracy": float("nan")}

    made = task()
    engine = training(Plain(fails=False), Undefined(made.tensors, made.labels))
    engine.fit()
    losses = [record["validation"]["loss"] for record in engine.history]
    assert engine.best_epoch == losses.index(min(losses)) + 1
    assert all(record["validation"]["accuracy"] is None for record in engine.history)
