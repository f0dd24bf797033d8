"""A step whose loss or gradient is not finite: the search stops in it, and says where the number was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from attrs import evolve
from torch import Tensor, nn

from nasframe import Choice, Data, Operation, Run, SearchOptions, SearchSpace, TensorTask, hookimpl
from nasframe.errors import RunError
from nasframe.plugins import PluginManager
from nasframe.relaxations import GumbelRaoMonteCarlo, Relaxation, Sample, Softmax
from nasframe.runtime import visible_message
from nasframe.searching import Bilevel, Search
from nasframe.searching.gradient.joint import Joint
from nasframe.tasks import TensorSplit
from nasframe.training import StepCheck
from tests.comparing import without_time

EXAMPLES = 40


class Fading(Operation):
    """The square root of a number that falls by one in every training pass: no number after the tenth."""

    seen: Tensor

    def __init__(self, shapes: Any) -> None:
        super().__init__(shapes)
        self.scale = nn.Parameter(torch.ones(()))
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if self.training and torch.is_grad_enabled():
            self.seen += 1
        return x * self.scale * (9.5 - self.seen).sqrt()


class Steep(Operation):
    """Finite for all inputs; its gradient at zero is not."""

    def __init__(self, shapes: Any) -> None:
        super().__init__(shapes)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return (self.scale * x).abs().sqrt()


class Exploding(Operation):
    """Learns at a rate that is far too large."""

    def __init__(self, shapes: Any) -> None:
        super().__init__(shapes)
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale.double().pow(2).exp().float()


class Broken:
    @hookimpl
    def register_operations(self) -> dict[str, type[Operation]]:
        return {"fading": Fading, "steep": Steep, "exploding": Exploding}


@pytest.fixture(autouse=True)
def _registered(plugins: PluginManager) -> None:
    plugins.register(Broken(), "broken")


def task(**changes: Tensor) -> TensorTask:
    random = torch.Generator().manual_seed(0)
    rows = torch.rand(EXAMPLES, 2, generator=random) + 0.1
    return TensorTask({"x": rows, **changes}, (rows[:, 0] > rows[:, 1]).long())


def space(*candidates: str) -> SearchSpace:
    made = SearchSpace("small", derivation="argmax")
    made.add_input("x", (2,))
    made.add_node("h", choice=Choice("kind", candidates, "gamma"))
    made.connect("x", "h")
    made.set_output("h")
    return made


def search(*candidates: str, data: Data | None = None, **changes: Any) -> Search:
    made = task()
    arguments: dict[str, Any] = {
        "space": space(*candidates),
        "task": made,
        "data": made.data({}) if data is None else data,
        "relaxation": Softmax(),
        "loop": Bilevel(),
        "options": SearchOptions(epochs=4, batch_size=4),
    }
    return Search(**arguments | changes)


def with_input(data: Data, split: str, row: int, value: float) -> Data:
    """The data with one number of one example of a split replaced."""
    found = getattr(data.splits, split)
    x = found.inputs["x"].clone()
    x[row, 1] = value
    spoilt = TensorSplit({"x": x}, found.targets, found.identifiers)
    return evolve(data, splits=evolve(data.splits, **{split: spoilt}))


def message(engine: Search) -> str:
    with pytest.raises(RunError) as caught:
        engine.fit()
    return str(caught.value)


def test_the_operation_that_made_the_first_bad_number_is_named_with_step_and_examples() -> None:
    found = message(search("fading", "identity"))
    # 16 examples in batches of 4 are four updates of the weights an epoch, and two of the logits, which leave
    # the buffers alone: the tenth pass that counts is the second weight update of the third epoch
    assert (
        "the loss of epoch 3 of the search is not finite (nan) in step 2, an update of the weights" in found
    )
    assert "made by operation 'fading' of plugin 'broken'" in found
    assert "candidate 'fading' of node 'h'" in found
    (line,) = (line for line in found.splitlines() if line.startswith("  Its examples: "))
    names = line.removeprefix("  Its examples: ").rstrip(".").split(", ")
    assert len(names) == 4
    assert {*names} <= {*task().data({}).splits.weights.identifiers}
    assert "lower" not in found


def test_the_command_line_keeps_each_sentence_of_an_error_on_its_line() -> None:
    found = message(search("fading", "identity"))
    assert len(found.splitlines()) == 3
    assert visible_message(found) == found


@pytest.mark.parametrize("every", [2, 3, 50])
@pytest.mark.parametrize("loop", [Bilevel(), Joint()])
def test_a_flag_that_is_read_now_and_then_ends_in_the_same_step_with_the_same_words(
    every: int, loop: Any
) -> None:
    at_once = message(search("fading", "identity", loop=loop, check_every=1))
    assert message(search("fading", "identity", loop=loop, check_every=every)) == at_once


def test_a_step_is_reported_to_plugins_once_though_it_is_made_twice(plugins: PluginManager) -> None:
    class Listener:
        def __init__(self) -> None:
            self.steps: list[int] = []

        @hookimpl
        def search_step(self, step: int) -> None:
            self.steps.append(step)

    listener = Listener()
    plugins.register(listener, "listener")
    message(search("fading", "identity", check_every=50))
    epochs = [list(range(6)), list(range(6)), list(range(6))]
    assert listener.steps == [step for steps in epochs for step in steps]


@pytest.mark.parametrize("relaxation", [Softmax(), GumbelRaoMonteCarlo(samples=3)])
def test_both_ways_to_check_give_the_same_bits(relaxation: Relaxation) -> None:
    engines = [search("steep", "identity", relaxation=relaxation, check_every=every) for every in (1, 3, 50)]
    found = [(engine.fit(), without_time(engine.history), engine.supernet.state_dict()) for engine in engines]
    for architecture, history, state in found[1:]:
        assert architecture == found[0][0]
        assert history == found[0][1]
        assert all(torch.equal(value, found[0][2][name]) for name, value in state.items())


def test_an_epoch_that_is_done_again_for_no_reason_gives_the_same_bits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = search("steep", "identity", loop=Joint(), check_every=50)
    usual.fit()

    def alarmed(self: StepCheck, number: Tensor) -> bool:
        if self.every > 1:
            self._gathered.append(torch.tensor(float("inf")))
        return True

    monkeypatch.setattr(StepCheck, "is_finite", alarmed)
    again = search("steep", "identity", loop=Joint(), check_every=50)
    again.fit()
    assert without_time(usual.history) == without_time(again.history)
    for name, value in usual.supernet.state_dict().items():
        assert torch.equal(value, again.supernet.state_dict()[name])


@pytest.mark.parametrize("every", [1, 50])
def test_a_gradient_that_is_not_finite_is_named_though_the_loss_is(every: int) -> None:
    data = task().data({})
    for row in range(16):
        data = with_input(data, "weights", row, 0.0)
    found = message(search("steep", "identity", data=data, check_every=every))
    assert "a gradient of epoch 1 of the search is not finite, though its loss is" in found
    assert "is not finite appeared in the gradient of operation 'steep' of plugin 'broken'" in found


@pytest.mark.parametrize("every", [1, 50])
def test_an_input_that_is_not_finite_is_named_with_its_example(every: int) -> None:
    data = with_input(task().data({}), "weights", 5, float("nan"))
    found = message(search("identity", "steep", data=data, check_every=every))
    name = data.splits.weights.identifiers[5]
    assert f"Not finite is the input 'x' of {name}." in found
    assert "lower" not in found


def test_a_learning_rate_is_to_be_lowered_where_the_parameters_grew() -> None:
    loop = Bilevel(weight_rate=50.0)
    found = message(search("exploding", "steep", loop=loop))
    assert "lower loop.weight_rate" in found
    assert "'exploding'" in found


def test_a_loss_that_makes_the_bad_number_is_named_with_its_task() -> None:
    class Odd(TensorTask):
        def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
            return super().loss(outputs, targets) * torch.tensor(0.0).log()

    made = task()
    found = message(search("identity", "steep", task=Odd(made.tensors, made.labels)))
    assert "is not finite (-inf)" in found
    assert "made by the loss of task 'test_a_loss_that_makes_the_bad_number_is_named_with_its_task" in found


def test_a_relaxation_that_makes_the_bad_number_is_named() -> None:
    engine = search("identity", "steep")
    leaf = Sample(torch.full((1, 2), torch.nan), one_hot=False)
    engine.supernet.logits.sample = lambda *rest: {"gamma": leaf}  # type: ignore[method-assign]
    assert "the weights 'gamma' of relaxation" in message(engine)


def test_the_last_good_state_is_kept_and_named(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", "")
    found = message(search("fading", "identity", run=run))
    assert f"The state after epoch 2 is kept in {run.checkpoints / 'search.json'}." in found
    assert [record["epoch"] for record in run.metrics] == [1, 2]
    assert (run.checkpoints / "search.json").exists()


def test_without_an_epoch_there_is_no_state_to_keep(tmp_path: Path) -> None:
    data = with_input(task().data({}), "weights", 0, float("inf"))
    run = Run.create(tmp_path / "run", "")
    found = message(search("identity", "steep", data=data, run=run))
    assert "No epoch has ended, so no checkpoint was written." in found
    assert not list(run.checkpoints.iterdir())
