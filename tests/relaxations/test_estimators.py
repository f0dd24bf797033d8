"""The gradients: bias, variance and mean squared error against the exact gradient.

Rows of the packed logits are independent, so one call on many equal rows is many draws of the estimator.
The function is the squared distance of the weights to a point, over five candidates; its exact gradient is
a sum over the five outcomes, and everything is divided by the norm of that.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from nasframe.relaxations import conditional_average, conditional_log_ratios, gumbel_rao, gumbel_softmax

THETA = torch.tensor([1.5, -0.3, -2.2, 0.6, -1.1], dtype=torch.float64)
TARGET = torch.tensor([0.2, 0.7, 0.1, 0.9, 0.4], dtype=torch.float64)

Estimator = Callable[[torch.Tensor], torch.Tensor]


def function(weights: torch.Tensor) -> torch.Tensor:
    return (weights - TARGET).square().sum(-1)


def exact_gradient() -> torch.Tensor:
    theta = THETA.clone().requires_grad_()
    expectation = theta.softmax(-1) @ function(torch.eye(5, dtype=torch.float64))
    return torch.autograd.grad(expectation, theta)[0]


EXACT = exact_gradient()


def gradients(estimator: Estimator, draws: int) -> torch.Tensor:
    """`(draws, 5)`, in units of the exact gradient's norm."""
    rows = THETA.expand(draws, 5).clone().requires_grad_()
    return torch.autograd.grad(function(estimator(rows)).sum(), rows)[0] / EXACT.norm()


def grmc(samples: int, temperature: float, through_noise: bool = False, seed: int = 1) -> Estimator:
    generator = torch.Generator().manual_seed(seed)
    return lambda rows: gumbel_rao(rows, samples, temperature, True, through_noise, generator)


def torchs_stgs(temperature: float) -> Estimator:
    return lambda rows: F.gumbel_softmax(rows, tau=temperature, hard=True)


def standard_error(found: torch.Tensor) -> torch.Tensor:
    return found.std(0) / len(found) ** 0.5


@pytest.fixture(autouse=True)
def _fixed_global_noise() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
def test_with_one_draw_it_has_mean_and_variance_of_straight_through_gumbel_softmax(
    temperature: float,
) -> None:
    one, stgs = gradients(grmc(1, temperature), 40_000), gradients(torchs_stgs(temperature), 40_000)
    error = (standard_error(one).square() + standard_error(stgs).square()).sqrt()
    assert ((one.mean(0) - stgs.mean(0)).abs() < 4.5 * error).all()
    # variances of 40,000 draws with these tails repeat within about 3 % (over seeds)
    assert float(one.var(0).sum() / stgs.var(0).sum()) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
def test_the_mean_does_not_depend_on_k_so_the_bias_is_that_of_stgs(temperature: float) -> None:
    stgs = gradients(torchs_stgs(temperature), 100_000)
    for samples, draws in ((10, 20_000), (100, 4_000)):
        found = gradients(grmc(samples, temperature), draws)
        error = (standard_error(found).square() + standard_error(stgs).square()).sqrt()
        assert ((found.mean(0) - stgs.mean(0)).abs() < 4.5 * error).all()


def test_enumerating_the_outcome_gives_the_mean_of_stgs_too() -> None:
    temperature = 0.5
    log_p = THETA.log_softmax(-1).expand(5, 5)
    every = torch.arange(5).unsqueeze(-1)
    generator = torch.Generator().manual_seed(2)
    jacobians = conditional_average(
        log_p, every, conditional_log_ratios(log_p, every, 100_000, generator), temperature
    ).jacobian
    slopes = 2 * (torch.eye(5, dtype=torch.float64) - TARGET)
    mean = torch.einsum("d,dij,di->j", log_p[0].exp(), jacobians, slopes) / EXACT.norm()
    stgs = gradients(torchs_stgs(temperature), 200_000)
    # five standard errors of the 200,000 draws; the enumeration adds a tenth of one
    assert ((mean - stgs.mean(0)).abs() < 5.5 * standard_error(stgs)).all()


def test_variance_and_squared_error_fall_with_k_and_then_hardly_further() -> None:
    draws = {1: 40_000, 10: 8_000, 100: 8_000, 1000: 2_000}
    found = {samples: gradients(grmc(samples, 0.1), number) for samples, number in draws.items()}
    unit = EXACT / EXACT.norm()
    variance = {k: float(g.var(0).sum()) for k, g in found.items()}
    squared_error = {k: float((g - unit).square().sum(-1).mean()) for k, g in found.items()}
    for worth in (variance, squared_error):
        assert worth[1] > 4 * worth[10]
        assert worth[10] > 1.5 * worth[100]
        assert worth[100] > worth[1000]
    # what is left is the variance of the outcome, which no conditional draw takes away
    assert variance[1000] > 0.75 * variance[100]
    assert float(gradients(torchs_stgs(0.1), 40_000).var(0).sum()) > variance[10]


def test_the_derivative_through_the_noise_is_another_estimator_with_almost_no_mean_when_cold() -> None:
    unit = EXACT / EXACT.norm()
    right = gradients(grmc(10, 0.1), 60_000).mean(0)
    through = gradients(grmc(10, 0.1, through_noise=True), 20_000).mean(0)
    assert float((right - unit).norm()) < 0.15
    assert float(through.norm()) < 0.25
    assert float((through - unit).norm()) > 0.85


def test_adding_perturbations_instead_of_averaging_kills_the_gradient() -> None:
    # a published search adds fifteen draws of noise in turn, dividing by the temperature each time
    rows = THETA.expand(2_000, 5).clone().requires_grad_()
    generator = torch.Generator().manual_seed(3)
    added = rows
    for _ in range(15):
        noise = torch.rand(rows.shape, generator=generator, dtype=rows.dtype).log().neg().log().neg()
        added = (added + noise) / 0.1
    (dead,) = torch.autograd.grad(function(added.softmax(-1)).sum(), rows)
    alive = gradients(grmc(15, 0.1), 2_000) * EXACT.norm()
    assert float(dead.norm(dim=-1).median()) < 1e-12
    assert float(alive.norm(dim=-1).median()) > 1e-3
    assert float(alive.mean(0) @ EXACT / EXACT.norm() ** 2) == pytest.approx(1, abs=0.25)


def test_our_stgs_has_the_mean_of_torchs() -> None:
    generator = torch.Generator().manual_seed(4)
    ours = gradients(lambda rows: gumbel_softmax(rows, 0.5, True, generator), 40_000)
    theirs = gradients(torchs_stgs(0.5), 40_000)
    error = (standard_error(ours).square() + standard_error(theirs).square()).sqrt()
    assert ((ours.mean(0) - theirs.mean(0)).abs() < 4.5 * error).all()
