"""A batch that passes in parts: the loss and the gradients of the whole batch."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import torch
from torch import Tensor

from nasframe import Batch
from nasframe.processes import ALONE
from nasframe.relaxations import GumbelRaoMonteCarlo, Relaxation, Softmax
from nasframe.runtime import generator
from nasframe.searching import Update
from nasframe.searching.gradient.accumulation import parts_of
from tests.processes.steps import Steps

RELAXATIONS: list[Relaxation] = [GumbelRaoMonteCarlo(samples=10), Softmax()]


def found(relaxation: Relaxation, kind: str, steps: int, size: int = 30) -> dict[str, Tensor]:
    """The loss and the gradients of one update of a batch in so many parts."""
    made = Steps(ALONE)
    learner = attrs.evolve(made.learner(), relaxation=relaxation)
    learner = attrs.evolve(learner, options=attrs.evolve(learner.options, accumulation_steps=steps))
    inner = made.batch("weights", 0, size) if kind == "second order" else None
    name: Any = "architecture" if kind == "second order" else kind
    batch = made.batch("weights" if kind == "weights" else "architecture", 0, size)
    loss = learner.update(Update(name, batch, inner), 0, generator(1, "noise"))
    gradients = {name: item.grad for name, item in learner.supernet.named_parameters()}
    return {"loss": loss, **{name: item for name, item in gradients.items() if item is not None}}


@pytest.mark.parametrize("kind", ["weights", "architecture", "both", "second order"])
@pytest.mark.parametrize("relaxation", RELAXATIONS, ids=["one-hot", "dense"])
def test_a_batch_in_parts_has_the_loss_and_the_gradients_of_the_whole(
    relaxation: Relaxation, kind: str
) -> None:
    whole, parts = (found(relaxation, kind, steps) for steps in (1, 4))
    assert whole.keys() == parts.keys()
    assert len(whole) > 1
    for name, value in whole.items():
        assert torch.allclose(value, parts[name], rtol=1e-4, atol=1e-5), name


def test_a_batch_of_fewer_examples_than_parts_passes_one_at_a_time() -> None:
    relaxation = RELAXATIONS[0]
    whole, parts = (found(relaxation, "weights", steps, size=3) for steps in (1, 99))
    assert torch.allclose(whole["loss"], parts["loss"], atol=1e-6)


def test_parts_hold_every_example_once_in_their_order() -> None:
    batch = Batch({"x": torch.arange(7)}, torch.arange(7))
    parts = parts_of(batch, 3)
    assert [part.targets.tolist() for part in parts] == [[0, 1, 2], [3, 4], [5, 6]]
    assert all(torch.equal(part.inputs["x"], part.targets) for part in parts)
