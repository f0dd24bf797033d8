"""DrNAS's Dirichlet sample: its distribution in closed form, its gradient beside torch's and differences."""

from __future__ import annotations

import pytest
import torch
from scipy import stats

from nasframe.relaxations import Dirichlet, dirichlet_mean, dirichlet_sample

THETA = torch.tensor([1.3, -0.4, 0.0, -2.5], dtype=torch.float64)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def concentration(theta: torch.Tensor, temperature: float = 1.0) -> torch.Tensor:
    return (torch.nn.functional.elu(theta) + 1) / temperature


def draws(number: int, temperature: float = 1.0, theta: torch.Tensor = THETA) -> torch.Tensor:
    return dirichlet_sample(theta.expand(number, len(theta)), temperature, seeded(5))


@pytest.mark.parametrize("temperature", [0.2, 1.0, 5.0])
def test_every_weight_has_the_beta_distribution_of_a_dirichlet(temperature: float) -> None:
    alpha = concentration(THETA, temperature)
    found = draws(20_000, temperature)
    for index, own in enumerate(alpha.tolist()):
        beta = stats.beta(own, float(alpha.sum()) - own)
        assert stats.kstest(found[:, index].numpy(), beta.cdf).pvalue > 1e-3


@pytest.mark.parametrize("temperature", [0.2, 1.0, 5.0])
def test_mean_and_covariance_are_those_of_a_dirichlet(temperature: float) -> None:
    alpha = concentration(THETA, temperature)
    found = draws(200_000, temperature)
    p, total = alpha / alpha.sum(), alpha.sum()
    torch.testing.assert_close(found.mean(0), p, rtol=0, atol=5e-3)
    covariance = (torch.diag(p) - torch.outer(p, p)) / (total + 1)
    torch.testing.assert_close(found.T.cov(), covariance, rtol=0, atol=3e-3)


def test_probabilities_are_the_mean_at_every_temperature() -> None:
    alpha = concentration(THETA)
    expected = alpha / alpha.sum()
    torch.testing.assert_close(dirichlet_mean(THETA), expected, rtol=1e-12, atol=0)
    relaxation = Dirichlet(temperature=0.1)
    torch.testing.assert_close(relaxation.probabilities(THETA[None])[0], expected, rtol=1e-12, atol=0)
    torch.testing.assert_close(draws(100_000, 0.1).mean(0), expected, rtol=0, atol=3e-3)


@pytest.mark.parametrize("temperature", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("candidates", [2, 5])
def test_on_the_same_noise_the_gradient_is_that_of_torchs_dirichlet(
    candidates: int, temperature: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    theta = torch.randn(40, candidates, dtype=torch.float64, generator=seeded(1)).mul(2).requires_grad_()
    direction = torch.randn(40, candidates, dtype=torch.float64, generator=seeded(2))
    ours = dirichlet_sample(theta, temperature, seeded(3))
    (our_gradient,) = torch.autograd.grad(ours, theta, direction)

    monkeypatch.setattr(torch, "_sample_dirichlet", lambda alpha: ours.detach().clone())
    theirs = torch.distributions.Dirichlet(concentration(theta, temperature)).rsample()
    (their_gradient,) = torch.autograd.grad(theirs, theta, direction)
    torch.testing.assert_close(our_gradient, their_gradient, rtol=1e-9, atol=1e-12)


def test_the_mean_gradient_is_the_derivative_of_an_expectation_known_in_closed_form() -> None:
    target = torch.tensor([0.2, 0.7, 0.1, 0.9], dtype=torch.float64)

    def expectation(theta: torch.Tensor) -> torch.Tensor:
        alpha = concentration(theta)
        p, total = alpha / alpha.sum(), alpha.sum()
        return ((p - target).square() + p * (1 - p) / (total + 1)).sum()

    step = 1e-5 * torch.eye(4, dtype=torch.float64)
    differences = torch.stack([expectation(THETA + e) - expectation(THETA - e) for e in step]) / 2e-5
    rows = THETA.expand(200_000, 4).clone().requires_grad_()
    weights = dirichlet_sample(rows, 1.0, seeded(6))
    (each,) = torch.autograd.grad((weights - target).square().sum(), rows)
    error = each.std(0) / len(each) ** 0.5
    # torch's derivative is itself a rational approximation, good to about 0.1 %
    assert ((each.mean(0) - differences).abs() < 4.5 * error + 1e-3 * differences.abs()).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weak_candidates_get_the_gradient_of_float64_in_every_dtype(dtype: torch.dtype) -> None:
    theta = torch.tensor([[-8.0, 1.0, -6.0], [-9.0, -7.0, -8.0]], dtype=dtype).requires_grad_()
    twin = theta.detach().double().requires_grad_()
    direction = torch.tensor([[1.0, -2.0, 0.5], [0.5, 1.0, -1.0]])
    for seed in range(10):
        results = [dirichlet_sample(item, 1.0, seeded(seed)) for item in (theta, twin)]
        assert torch.equal(results[0], results[1].to(dtype))
        gradient, expected = (
            torch.autograd.grad(found, item, direction.to(item.dtype))[0]
            for found, item in zip(results, (theta, twin), strict=True)
        )
        assert torch.equal(gradient, expected.to(dtype))


def test_concentrations_that_vanish_give_one_candidate_each_as_often_as_its_share() -> None:
    theta = torch.tensor([-12.0, -12.0, -12.0 + torch.tensor(2.0).log().item()])
    found = draws(20_000, theta=theta)
    assert (found.max(-1).values > 1 - 1e-6).float().mean() > 0.999
    counts = found.argmax(-1).bincount(minlength=3)
    assert stats.chisquare(counts.numpy(), [5_000, 5_000, 10_000]).pvalue > 1e-3


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_concentrations_below_the_floor_are_equal_and_get_no_gradient(dtype: torch.dtype) -> None:
    theta = torch.tensor([[-1e4, -50.0, -1e4, -20.0]], dtype=dtype).requires_grad_()
    assert torch.equal(dirichlet_mean(theta), torch.full((1, 4), 0.25, dtype=dtype))
    for seed in range(10):
        weights = dirichlet_sample(theta, 1.0, seeded(seed))
        (gradient,) = torch.autograd.grad(weights, theta, torch.randn(1, 4, generator=seeded(1)).to(dtype))
        assert torch.equal(gradient, torch.zeros(1, 4, dtype=dtype))


@pytest.mark.parametrize("temperature", [1e-3, 1e3])
def test_extreme_temperatures_stay_finite_for_huge_logits(temperature: float) -> None:
    rows = torch.tensor([[1e4, -1e4, 0.0], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]])
    logits = rows.repeat(50, 1).requires_grad_()
    weights = dirichlet_sample(logits, temperature, seeded())
    (gradient,) = torch.autograd.grad(weights, logits, torch.randn(150, 3, generator=seeded(1)))
    assert weights.isfinite().all()
    assert gradient.isfinite().all()


def test_a_lower_temperature_is_nearer_to_the_mean() -> None:
    mean = dirichlet_mean(THETA)
    distances = [float((draws(5_000, t) - mean).square().sum(-1).mean()) for t in (0.01, 0.1, 1.0, 10.0)]
    assert distances == sorted(distances)
    assert distances[0] < 0.005
