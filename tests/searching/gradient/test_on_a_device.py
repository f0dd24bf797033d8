"""Steps of a search on another device than the CPU: the same numbers, and hardly a wait of the host."""

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
from nasframe.searching.gradient.learner import Learner
from nasframe.training import StepCheck
from tests.other_device import Account, OnDevice, account_kept, moved_there
from tests.processes.steps import Steps

RELAXATIONS: dict[str, Relaxation] = {"one-hot": GumbelRaoMonteCarlo(samples=10), "dense": Softmax()}


def there(batch: Batch) -> Batch:
    return Batch({name: OnDevice(value) for name, value in batch.inputs.items()}, OnDevice(batch.targets))


def steps(relaxation: Relaxation, kind: str, on_device: bool, **options: Any) -> tuple[Learner, Account]:
    """Three updates of a kind, and the account of the last one; the first prepares the optimisers."""
    made = Steps(ALONE)
    learner = attrs.evolve(made.learner(), relaxation=relaxation)
    learner = attrs.evolve(learner, options=attrs.evolve(learner.options, **options))
    if on_device:
        moved_there(learner.supernet)
        learner = attrs.evolve(learner)  # with optimisers of the parameters there
    name: Any = "architecture" if kind == "second order" else kind
    noise, check, accounts = generator(1, "noise"), StepCheck(50), list[Account]()
    for number in range(3):
        batch = made.batch("weights" if kind == "weights" else "architecture", number, 16)
        inner = made.batch("weights", number, 16) if kind == "second order" else None
        if on_device:
            batch, inner = there(batch), None if inner is None else there(inner)
        with account_kept() as account:
            learner.update(Update(name, batch, inner), 0, noise, check)
        accounts.append(account)
    return learner, accounts[-1]


def values(learner: Learner) -> dict[str, Tensor]:
    found = learner.supernet.named_parameters()
    return {name: value.held if isinstance(value, OnDevice) else value.detach() for name, value in found}


@pytest.mark.parametrize("kind", ["weights", "architecture", "both", "second order"])
@pytest.mark.parametrize("name", RELAXATIONS)
def test_steps_on_a_device_are_those_of_the_cpu(name: str, kind: str) -> None:
    here, elsewhere = (values(steps(RELAXATIONS[name], kind, place)[0]) for place in (False, True))
    assert here.keys() == elsewhere.keys()
    for key, value in here.items():
        assert torch.allclose(value, elsewhere[key], rtol=0, atol=1e-6), key


@pytest.mark.parametrize("name", RELAXATIONS)
def test_an_update_of_the_weights_waits_for_nothing(name: str) -> None:
    _, account = steps(RELAXATIONS[name], "weights", True)
    assert account.launches.total() > 10
    assert account.waits == []


@pytest.mark.parametrize("name", RELAXATIONS)
def test_an_update_of_the_logits_waits_once_for_their_gradient(name: str) -> None:
    _, account = steps(RELAXATIONS[name], "architecture", True, size_penalty=0.0)
    assert account.waits == ["a gradient fetched"]
    assert account.arrivals == 1  # the weights of all choices together
