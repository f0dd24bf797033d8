"""The schedule of the logits' learning rate, and a search that comes to rest by it."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from attrs import frozen

from nasframe import Data, SearchOptions, TensorTask, hookimpl
from nasframe.relaxations import Softmax
from nasframe.searching import Bilevel, Search
from nasframe_bimodal.space import Bimodal

EPOCHS = 4


def rates(task: TensorTask, data: Data, plugins: Any, schedule: str, loop: Bilevel) -> list[float]:
    """The rate of the logits after each epoch of a search."""
    found: list[float] = []

    class Reader:
        @hookimpl
        def search_epoch(self, run: Any, epoch: int, record: Any) -> None:
            found.append(float(engine.learner.architecture_optimiser.param_groups[0]["lr"]))

    plugins.register(Reader(), "reader")
    engine = Search(
        space=Bimodal(channels=8, cells=1, nodes=1).build(data.inputs, data.outputs),
        task=task,
        data=data,
        relaxation=Softmax(),
        loop=loop,
        options=SearchOptions(epochs=EPOCHS, batch_size=64, architecture_schedule=schedule),  # type: ignore[arg-type]
    )
    engine.fit()
    return found


def test_a_constant_rate_stays(digits: TensorTask, digits_data: Data, plugins: Any) -> None:
    found = rates(digits, digits_data, plugins, "constant", Bilevel(architecture_rate=0.05))
    assert found == [0.05] * EPOCHS


def test_a_cosine_falls_by_the_share_of_the_epochs(
    digits: TensorTask, digits_data: Data, plugins: Any
) -> None:
    found = rates(digits, digits_data, plugins, "cosine", Bilevel(architecture_rate=0.05))
    wanted = [0.025 * (1 + math.cos(math.pi * epoch / EPOCHS)) for epoch in range(EPOCHS)]
    assert found == pytest.approx(wanted)


@frozen
class Stepped(Bilevel):
    """An optimiser of logits with a rate that it sets itself."""

    def architecture_optimiser(self, parameters: Any) -> torch.optim.Optimizer:
        class Halving(torch.optim.SGD):
            def step(self, closure: Any = None) -> Any:
                result = super().step(closure)
                for group in self.param_groups:
                    group["lr"] /= 2
                return result

        return Halving([{"params": list(parameters)}], lr=1.0)


def test_with_constant_a_rate_that_the_loop_sets_itself_is_left_to_it(
    digits: TensorTask, digits_data: Data, plugins: Any
) -> None:
    found = rates(digits, digits_data, plugins, "constant", Stepped())
    assert all(after < before for before, after in itertools.pairwise(found))


def test_logits_do_not_decay_by_default() -> None:
    logits = torch.nn.Parameter(torch.ones(2, 3))
    optimiser = Bilevel().architecture_optimiser([logits])
    logits.grad = torch.zeros_like(logits)
    optimiser.step()
    assert torch.equal(logits, torch.ones(2, 3))
