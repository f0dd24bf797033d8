"""GRMC forward and backward, the same estimator written with K autograd graphs, and the error of K draws
against the exact average."""

from __future__ import annotations

import statistics
import time
from functools import partial

import torch
from interleaved import report

from nasframe.relaxations import (
    GumbelRaoMonteCarlo,
    Relaxation,
    Softmax,
    StraightThroughGumbelSoftmax,
    categorical,
    conditional_average,
    conditional_log_ratios,
    exact_jacobian,
)
from nasframe.relaxations.gumbel_rao import race_table

SIZES = {
    "alpha of two cells (17, 2)": (17, 2),
    "alpha, choosing ports (8, 9)": (8, 9),
    "gamma (4, 5)": (4, 5),
}
LARGE = {"many choices (100, 5)": (100, 5), "more (1000, 8)": (1000, 8)}

RELAXATIONS: dict[str, Relaxation] = {
    "grmc, K = 100": GumbelRaoMonteCarlo(samples=100),
    "grmc, K = 1000": GumbelRaoMonteCarlo(samples=1000),
    "grmc, exact": GumbelRaoMonteCarlo(samples="exact"),
    "stgs": StraightThroughGumbelSoftmax(),
    "softmax": Softmax(),
}


def naive(
    logits: torch.Tensor, generator: torch.Generator, samples: int = 100, temperature: float = 0.1
) -> torch.Tensor:
    """Sample by straight-through GRMC, eq. 7 and 8, with one graph for each draw."""
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


def gradient(relaxation: Relaxation, logits: torch.Tensor, upstream: torch.Tensor) -> torch.Tensor:
    return torch.autograd.grad(relaxation.sample(logits).weights, logits, upstream)[0]


def speed() -> None:
    for title, shape in SIZES.items():
        generator = torch.Generator().manual_seed(0)
        logits = torch.randn(shape, requires_grad=True)
        upstream = torch.randn(shape)

        def by_graphs(
            leaf: torch.Tensor = logits, up: torch.Tensor = upstream, g: torch.Generator = generator
        ) -> torch.Tensor:
            return torch.autograd.grad(naive(leaf, g), leaf, up)[0]

        variants = {"K = 100, one graph a draw": by_graphs}
        for name, relaxation in RELAXATIONS.items():
            variants[name] = partial(gradient, relaxation, logits, upstream)
        report(title, variants)


def exact_against_sampling() -> None:
    """Print ratios of time to K = 100, at the sizes above and larger ones."""
    for title, shape in (SIZES | LARGE).items():
        logits = torch.randn(shape, requires_grad=True)
        upstream = torch.randn(shape)
        variants = {
            name: partial(gradient, RELAXATIONS[name], logits, upstream)
            for name in ("grmc, K = 100", "grmc, exact", "stgs")
        }
        report(title, variants, rounds=300 if shape in SIZES.values() else 30)


def errors_of_sampling() -> None:
    """Print the largest error of an entry of the Jacobian, for 4 choices of 5 candidates; mean of 20."""
    log_p = torch.randn(4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).log_softmax(-1)
    winner = categorical(log_p, torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(2)
    print("error of K draws: temperature, then K = 10, 100, 1000, 10000; time to make the exact one's table")
    for temperature in (0.1, 0.2, 0.5, 1.0, 2.0):
        race_table.cache_clear()
        started = time.perf_counter()
        race_table(temperature, 5, torch.float32, log_p.device)
        spent = time.perf_counter() - started
        exact = exact_jacobian(log_p, winner, temperature)
        errors = []
        for samples in (10, 100, 1000, 10_000):
            found = [
                conditional_average(
                    log_p, winner, conditional_log_ratios(log_p, winner, samples, generator), temperature
                ).jacobian
                for _ in range(20)
            ]
            errors.append(statistics.mean(float((one - exact).abs().max()) for one in found))
        print(f"  {temperature:4}", *(f"{error:9.4f}" for error in errors), f"{1e3 * spent:8.1f} ms")


def main() -> None:
    speed()
    exact_against_sampling()
    errors_of_sampling()


if __name__ == "__main__":
    main()
