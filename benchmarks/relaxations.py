"""GRMC forward and backward, beside the same estimator written with K autograd graphs."""

from __future__ import annotations

from functools import partial

import torch
from interleaved import report

from nasframe.relaxations import GumbelRaoMonteCarlo, Relaxation, Softmax, StraightThroughGumbelSoftmax

SIZES = {
    "alpha of two cells (17, 2)": (17, 2),
    "alpha, choosing ports (8, 9)": (8, 9),
    "gamma (4, 5)": (4, 5),
}

RELAXATIONS: dict[str, Relaxation] = {
    "grmc, K = 100": GumbelRaoMonteCarlo(samples=100),
    "grmc, K = 1000": GumbelRaoMonteCarlo(samples=1000),
    "stgs": StraightThroughGumbelSoftmax(),
    "softmax": Softmax(),
}


def naive(
    logits: torch.Tensor, generator: torch.Generator, samples: int = 100, temperature: float = 0.1
) -> torch.Tensor:
    """Straight-through GRMC by eq. 7 and 8, one graph a draw."""
    theta, partition = logits.exp(), logits.exp().sum(-1, keepdim=True)
    winner = torch.multinomial(theta.detach(), 1, generator=generator)
    chosen = torch.zeros_like(logits).scatter(-1, winner, 1.0)
    soft = []
    for _ in range(samples):
        arrivals = torch.empty_like(logits).exponential_(generator=generator)
        first = arrivals.gather(-1, winner) / partition
        perturbed = torch.where(chosen.bool(), -first.log(), -(arrivals / theta + first).log()).detach()
        soft.append(torch.softmax((perturbed + logits - logits.detach()) / temperature, -1))
    mean = torch.stack(soft).mean(0)
    return chosen + mean - mean.detach()


def main() -> None:
    for title, shape in SIZES.items():
        generator = torch.Generator().manual_seed(0)
        logits = torch.randn(shape, requires_grad=True)
        upstream = torch.randn(shape)

        def ours(
            relaxation: Relaxation, leaf: torch.Tensor = logits, up: torch.Tensor = upstream
        ) -> torch.Tensor:
            return torch.autograd.grad(relaxation.sample(leaf).weights, leaf, up)[0]

        def by_graphs(
            leaf: torch.Tensor = logits, up: torch.Tensor = upstream, g: torch.Generator = generator
        ) -> torch.Tensor:
            return torch.autograd.grad(naive(leaf, g), leaf, up)[0]

        variants = {"K = 100, one graph a draw": by_graphs}
        for name, relaxation in RELAXATIONS.items():
            variants[name] = partial(ours, relaxation)
        report(title, variants)


if __name__ == "__main__":
    main()
