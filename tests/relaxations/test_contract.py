"""The promises of every relaxation, checked on those of the core in every setting."""

from __future__ import annotations

import pytest
import torch

from nasframe.relaxations import (
    Dirichlet,
    GappedStraightThrough,
    GumbelRaoMonteCarlo,
    ReinMax,
    Relaxation,
    StraightThroughGumbelSoftmax,
)
from nasframe.testing import RelaxationSuite


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class TestRelaxations(RelaxationSuite):
    """The relaxations of `conftest.SETTINGS`."""

    relaxation: Relaxation

    @pytest.fixture(autouse=True)
    def _setting(self, relaxation: Relaxation) -> None:
        self.relaxation = relaxation

    def make(self) -> Relaxation:
        return self.relaxation


@pytest.mark.parametrize(
    "kind",
    [StraightThroughGumbelSoftmax, GumbelRaoMonteCarlo, ReinMax, GappedStraightThrough, Dirichlet],
)
def test_a_schedule_ends_at_the_temperature_it_names(kind: type[Relaxation]) -> None:
    generator = torch.Generator().manual_seed(7)
    logits = (torch.randn(6, 4, generator=generator) * 2).requires_grad_()
    direction = torch.randn(6, 4, generator=seeded(1))

    def gradient(relaxation: Relaxation, progress: float) -> torch.Tensor:
        weights = relaxation.sample(logits, progress, seeded()).weights
        return torch.autograd.grad(weights, logits, direction)[0]

    moving = kind(temperature=2.0, temperature_end=0.5, schedule="cosine")  # type: ignore[call-arg]
    for progress, temperature in ((0.0, 2.0), (0.5, 1.25), (1.0, 0.5)):
        fixed = kind(temperature=temperature)  # type: ignore[call-arg]
        torch.testing.assert_close(gradient(moving, progress), gradient(fixed, 0.9))
