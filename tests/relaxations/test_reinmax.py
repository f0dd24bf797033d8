"""ReinMax: the algorithm written out, and its mean against what it approximates, by enumeration."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from scipy import stats

from nasframe.relaxations import ReinMax, reinmax_sample

FIVE = torch.eye(5, dtype=torch.float64)
THETA = torch.tensor([1.5, -0.3, -2.2, 0.6, -1.1], dtype=torch.float64)

Function = Callable[[torch.Tensor], torch.Tensor]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def quadratic(weights: torch.Tensor) -> torch.Tensor:
    matrix = torch.randn(5, 5, dtype=torch.float64, generator=seeded(1))
    slope = torch.randn(5, dtype=torch.float64, generator=seeded(2))
    return torch.einsum("...i,ij,...j->...", weights, matrix, weights) + weights @ slope + 3


def curved(weights: torch.Tensor) -> torch.Tensor:
    directions = torch.randn(5, 3, dtype=torch.float64, generator=seeded(3))
    return (weights @ directions).exp().sum(-1) + quadratic(weights)


def slopes(function: Function) -> torch.Tensor:
    """The gradient of the function at every outcome, `(5, 5)`."""
    outcomes = FIVE.clone().requires_grad_()
    return torch.autograd.grad(function(outcomes).sum(), outcomes)[0]


def exact_gradient(function: Function) -> torch.Tensor:
    theta = THETA.clone().requires_grad_()
    return torch.autograd.grad(theta.softmax(-1) @ function(FIVE), theta)[0]


def mean_gradient(
    function: Function, temperature: float, monkeypatch: pytest.MonkeyPatch, theta: torch.Tensor = THETA
) -> torch.Tensor:
    """ReinMax's gradient averaged over its five outcomes by their probabilities."""
    every = torch.arange(5).unsqueeze(-1)
    monkeypatch.setattr("nasframe.relaxations.reinmax.categorical", lambda log_p, generator: every)
    rows = theta.expand(5, 5).clone().requires_grad_()
    weights = reinmax_sample(rows, temperature)
    assert torch.equal(weights, FIVE)
    (each,) = torch.autograd.grad(function(weights).sum(), rows)
    return theta.softmax(-1) @ each


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("candidates", [2, 3, 6])
def test_the_gradient_is_that_of_the_published_algorithm_on_the_same_outcome(
    candidates: int, temperature: float
) -> None:
    theta = (torch.randn(8, candidates, dtype=torch.float64, generator=seeded()) * 1.5).requires_grad_()
    direction = torch.randn(8, candidates, dtype=torch.float64, generator=seeded(1))
    weights = reinmax_sample(theta, temperature, seeded(2))
    (ours,) = torch.autograd.grad(weights, theta, direction)

    # a softmax whose value is the middle of outcome and distribution, but whose derivative goes to θ
    middle = (weights.detach() + (theta.detach() / temperature).softmax(-1)) / 2
    surrogate = 2 * (theta + (middle.log() - theta).detach()).softmax(-1) - theta.softmax(-1) / 2
    (expected,) = torch.autograd.grad(surrogate, theta, direction)
    torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-12)


def test_at_temperature_one_its_mean_is_the_trapezoid_rule_between_all_pairs_of_outcomes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    p, slope = THETA.softmax(-1), slopes(curved)
    # the exact gradient is sum_i sum_j p_j (f(i) - f(j)) dp_i; the trapezoid takes for each difference the
    # mean of the slopes at its two ends
    ends = (slope.unsqueeze(0) + slope.unsqueeze(1)) / 2
    steps = FIVE.unsqueeze(0) - FIVE.unsqueeze(1)
    differences = (ends * steps).sum(-1)
    jacobian = torch.diag(p) - torch.outer(p, p)
    expected = jacobian @ (p @ differences)
    torch.testing.assert_close(mean_gradient(curved, 1.0, monkeypatch), expected, rtol=1e-12, atol=1e-14)


def test_for_quadratic_functions_it_has_no_bias_at_temperature_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(5):
        theta = torch.randn(5, dtype=torch.float64, generator=seeded(seed)) * 2
        leaf = theta.clone().requires_grad_()
        (exact,) = torch.autograd.grad(leaf.softmax(-1) @ quadratic(FIVE), leaf)
        found = mean_gradient(quadratic, 1.0, monkeypatch, theta)
        torch.testing.assert_close(found, exact, rtol=1e-10, atol=1e-13)


def test_for_other_functions_and_temperatures_it_has_a_bias_but_less_than_plain_straight_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    p = THETA.softmax(-1)
    for function in (quadratic, curved):
        exact = exact_gradient(function)
        straight_through = (torch.diag(p) - torch.outer(p, p)) @ (p @ slopes(function))
        bias = float((straight_through - exact).norm())
        at_one = float((mean_gradient(function, 1.0, monkeypatch) - exact).norm())
        at_two = float((mean_gradient(function, 2.0, monkeypatch) - exact).norm())
        assert at_one < 0.7 * bias
        assert at_two > at_one
        assert (at_one > 1e-3) == (function is curved)


def test_a_mean_over_draws_is_the_exact_gradient_of_a_quadratic_function() -> None:
    rows = THETA.expand(200_000, 5).clone().requires_grad_()
    weights = reinmax_sample(rows, generator=seeded(4))
    (each,) = torch.autograd.grad(quadratic(weights).sum(), rows)
    error = each.std(0) / len(each) ** 0.5
    assert ((each.mean(0) - exact_gradient(quadratic)).abs() < 4.5 * error).all()


def test_candidates_are_drawn_with_the_probabilities_of_the_logits() -> None:
    logits = torch.tensor([0.5, -1.0, 1.2, 0.0]).expand(40_000, 4)
    relaxation = ReinMax(temperature=3.0)
    counts = relaxation.sample(logits, 0.0, seeded()).weights.sum(0)
    expected = relaxation.probabilities(logits)[0].double()
    assert stats.chisquare(counts.numpy(), (expected / expected.sum() * 40_000).numpy()).pvalue > 1e-3
