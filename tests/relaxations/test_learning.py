"""Logits learn: a toy space whose best candidates are known, searched from five seeds.

Twelve nodes choose one function of their input among five, and the sum of the nodes is to match that of
hidden choices. Adam with learning rate 0.01 and betas (0.5, 0.999), batches of 64, 800 steps.
"""

from __future__ import annotations

import pytest
import torch

from nasframe.relaxations import (
    Dirichlet,
    GappedStraightThrough,
    GumbelRaoMonteCarlo,
    ReinMax,
    Relaxation,
    Softmax,
    Sparsemax,
    StraightThroughGumbelSoftmax,
)

NODES, STEPS = 12, 800


def candidates(x: torch.Tensor) -> torch.Tensor:
    """`(batch, nodes)` to `(batch, nodes, 5)`: nothing, identity, its negative, a parabola, a corner."""
    return torch.stack((torch.zeros_like(x), x, -x, x.square() - 1, x.abs()), dim=-1)


def found_share(relaxation: Relaxation, seed: int) -> float:
    """The share of the hidden choices that the search finds."""
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.randint(5, (NODES,), generator=generator)
    logits = torch.zeros(NODES, 5, requires_grad=True)
    optimiser = torch.optim.Adam([logits], lr=1e-2, betas=(0.5, 0.999))
    for step in range(STEPS):
        values = candidates(torch.randn(64, NODES, generator=generator))
        target = values[:, torch.arange(NODES), hidden].sum(-1)
        weights = relaxation.sample(logits, step / STEPS, generator).weights
        loss = ((values * weights).sum((-1, -2)) - target).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return float((relaxation.probabilities(logits).argmax(-1) == hidden).float().mean())


@pytest.mark.parametrize(
    "relaxation",
    [
        Softmax(),
        StraightThroughGumbelSoftmax(),
        GumbelRaoMonteCarlo(),
        GumbelRaoMonteCarlo(samples=10, temperature=1.0, temperature_end=0.1, schedule="cosine"),
        ReinMax(),
        GappedStraightThrough(),
        Dirichlet(),
        Dirichlet(temperature_end=0.1, schedule="cosine"),
        Sparsemax(),
    ],
    ids=[
        "softmax",
        "stgs",
        "grmc",
        "grmc, annealed",
        "reinmax",
        "gst",
        "dirichlet",
        "dirichlet, annealed",
        "sparsemax",
    ],
)
def test_at_least_95_percent_of_the_best_candidates_are_found_in_800_steps_from_every_seed(
    relaxation: Relaxation,
) -> None:
    assert min(found_share(relaxation, seed) for seed in range(5)) >= 0.95
