"""Updates whose matrix products are computed in bfloat16, on request."""

from __future__ import annotations

from typing import Any, Literal

import attrs
import pytest
import torch
from torch import Tensor, nn

from nasframe.processes import ALONE
from nasframe.relaxations import GumbelRaoMonteCarlo, Relaxation, Softmax
from nasframe.runtime import generator
from nasframe.searching import Update
from nasframe.searching.gradient.learner import Learner
from tests.processes.steps import Steps

RELAXATIONS: list[Relaxation] = [GumbelRaoMonteCarlo(samples=10), Softmax()]

Reduced = Literal["none", "projections", "all"]
Kind = Literal["weights", "architecture", "both", "second order"]


def learner_of(made: Steps, relaxation: Relaxation, bfloat16: Reduced) -> Learner:
    learner = attrs.evolve(made.learner(), relaxation=relaxation)
    return attrs.evolve(learner, options=attrs.evolve(learner.options, bfloat16=bfloat16))


def found(relaxation: Relaxation, kind: Kind, bfloat16: Reduced) -> dict[str, Tensor]:
    """The loss and the gradients of one update."""
    made = Steps(ALONE)
    learner = learner_of(made, relaxation, bfloat16)
    inner = made.batch("weights", 0, 30) if kind == "second order" else None
    name: Any = "architecture" if kind == "second order" else kind
    batch = made.batch("weights" if kind == "weights" else "architecture", 0, 30)
    loss = learner.update(Update(name, batch, inner), 0, generator(1, "noise"))
    gradients = {name: item.grad for name, item in learner.supernet.named_parameters()}
    return {"loss": loss, **{name: item for name, item in gradients.items() if item is not None}}


@pytest.mark.parametrize("bfloat16", ["projections", "all"])
@pytest.mark.parametrize("kind", ["weights", "architecture", "both", "second order"])
@pytest.mark.parametrize("relaxation", RELAXATIONS, ids=["one-hot", "dense"])
def test_the_loss_and_the_gradients_are_near_those_of_float32(
    relaxation: Relaxation, kind: Kind, bfloat16: Reduced
) -> None:
    exact, reduced = found(relaxation, kind, "none"), found(relaxation, kind, bfloat16)
    assert exact.keys() == reduced.keys()
    flat, flat_reduced = (
        torch.cat([value.flatten() for name, value in one.items() if name != "loss"])
        for one in (exact, reduced)
    )
    assert torch.allclose(exact["loss"], reduced["loss"], rtol=2e-2)
    assert not torch.equal(flat, flat_reduced)
    assert (flat - flat_reduced).norm() < 0.1 * flat.norm()


@pytest.mark.parametrize("bfloat16", ["projections", "all"])
def test_parameters_gradients_and_the_loss_stay_float32(bfloat16: Reduced) -> None:
    made = Steps(ALONE)
    learner = learner_of(made, RELAXATIONS[0], bfloat16)
    loss = learner.update(Update("both", made.batch("weights", 0, 30)), 0, generator(1, "noise"))
    assert loss.dtype == torch.float32
    for item in learner.supernet.parameters():
        assert item.dtype == torch.float32
        assert item.grad is None or item.grad.dtype == torch.float32


def types_of(learner: Learner, made: Steps) -> dict[str, set[torch.dtype]]:
    """Whether a linear layer is at an input → the types of the outputs of such layers in an update."""
    types: dict[str, set[torch.dtype]] = {"input": set(), "other": set()}

    def listen(place: str) -> Any:
        return lambda module, given, output: types[place].add(output.dtype)

    inputs = {name for name, node in learner.supernet.wiring.nodes.items() if node.is_input}
    for name, module in learner.supernet.named_modules():
        if isinstance(module, nn.Linear):
            module.register_forward_hook(listen("input" if name.split(".")[1] in inputs else "other"))
    learner.update(Update("both", made.batch("weights", 0, 30)), 0, generator(1, "noise"))
    return types


def test_projections_are_the_linear_layers_at_the_inputs() -> None:
    made = Steps(ALONE)
    full, half = {torch.float32}, {torch.bfloat16}
    for bfloat16, expected in {
        "none": {"input": full, "other": full},
        "projections": {"input": half, "other": full},
        "all": {"input": half, "other": half},
    }.items():
        learner = learner_of(made, Softmax(), bfloat16)  # type: ignore[arg-type]
        assert types_of(learner, made) == expected


def test_a_supernet_computes_in_float32_unless_it_is_told_otherwise() -> None:
    made = Steps(ALONE)
    supernet = made.supernet.eval()
    samples = supernet.logits.probabilities(Softmax())
    inputs = made.batch("validation", 0, 30).inputs
    output, reduced = supernet(inputs, samples), supernet(inputs, samples, bfloat16="projections")
    assert output.dtype == reduced.dtype == torch.float32
    assert not torch.equal(output, reduced)
