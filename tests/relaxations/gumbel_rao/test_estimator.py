"""Gumbel-Rao Monte Carlo: its noise and its gradient, against explicit graphs and other samplers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import integrate, stats

from nasframe.relaxations import (
    GumbelRaoMonteCarlo,
    categorical,
    conditional_average,
    conditional_log_ratios,
    gumbel_rao,
)

TEMPERATURES = [0.1, 0.5, 1.0]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def some_logits(choices: int, candidates: int) -> torch.Tensor:
    return torch.randn(choices, candidates, dtype=torch.float64, generator=seeded(2)) * 1.5


def same_draws(
    logits: torch.Tensor, samples: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """The outcome `(choices, 1)` and E_j/E_I `(choices, candidates, samples)` that `gumbel_rao` uses."""
    log_p = logits.detach().log_softmax(-1)
    winner = categorical(log_p, generator)
    ratios = conditional_log_ratios(log_p, winner, samples, generator).exp()
    if logits.shape[-1] == 2:
        pair = torch.ones(len(logits), 2, samples, dtype=logits.dtype)
        ratios = pair.scatter(1, (1 - winner).unsqueeze(-1).expand(-1, 1, samples), ratios)
    return winner, ratios


def equation_7(theta: torch.Tensor, winner: torch.Tensor, exponentials: torch.Tensor) -> torch.Tensor:
    """θ + G given D, as the paper writes it; E_I is 1, since a common factor drops out of a softmax."""
    of_winner = exponentials.gather(-1, winner)
    total = theta.exp().sum(-1, keepdim=True)
    losers = -(exponentials / theta.exp() + of_winner / total).log()
    return losers.scatter(-1, winner, -of_winner.log() + total.log())


def explicit_samples(
    theta: torch.Tensor, winner: torch.Tensor, ratios: torch.Tensor, temperature: float, through_noise: bool
) -> torch.Tensor:
    """K soft samples `(samples, choices, candidates)`, each with a graph of its own."""
    soft = []
    for exponentials in ratios.unbind(-1):
        perturbed = equation_7(theta, winner, exponentials)
        if not through_noise:
            perturbed = theta + (perturbed - theta).detach()
        soft.append((perturbed / temperature).softmax(-1))
    return torch.stack(soft)


@pytest.mark.parametrize("through_noise", [False, True])
@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("candidates", [2, 3, 5])
def test_the_backward_pass_is_the_mean_over_k_explicit_graphs_with_the_same_noise(
    candidates: int, temperature: float, through_noise: bool
) -> None:
    theta = some_logits(6, candidates).requires_grad_()
    direction = torch.randn(6, candidates, dtype=torch.float64, generator=seeded(3))
    ours = gumbel_rao(theta, 12, temperature, True, through_noise, seeded(8))
    (our_gradient,) = torch.autograd.grad(ours, theta, direction)

    winner, ratios = same_draws(theta, 12, seeded(8))
    soft = explicit_samples(theta, winner, ratios, temperature, through_noise)
    (expected,) = torch.autograd.grad(soft.mean(0), theta, direction)
    assert torch.equal(ours.argmax(-1, keepdim=True), winner)
    torch.testing.assert_close(our_gradient, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("candidates", [2, 5])
def test_a_soft_sample_is_the_mean_of_the_k_tempered_softmaxes(candidates: int) -> None:
    theta = some_logits(6, candidates)
    ours = gumbel_rao(theta, 12, 0.5, hard=False, generator=seeded(8))
    winner, ratios = same_draws(theta, 12, seeded(8))
    torch.testing.assert_close(ours, explicit_samples(theta, winner, ratios, 0.5, False).mean(0))


@pytest.mark.parametrize("candidates", [2, 4])
def test_the_drawn_candidate_has_the_largest_perturbed_logit_in_every_conditional_draw(
    candidates: int,
) -> None:
    theta = some_logits(50, candidates)
    winner, ratios = same_draws(theta, 40, seeded(1))
    for exponentials in ratios.unbind(-1):
        assert torch.equal(equation_7(theta, winner, exponentials).argmax(-1, keepdim=True), winner)


@pytest.mark.parametrize("candidates", [2, 4])
def test_outcome_and_conditional_noise_together_are_gumbel(candidates: int) -> None:
    # Differences of independent Gumbel variables with locations θ are logistic with location θ_a - θ_b.
    # 20,000 draws; each of at most six comparisons fails for one seed in ten thousand, and ours is fixed.
    theta = some_logits(1, candidates).expand(20_000, candidates)
    winner, ratios = same_draws(theta, 1, seeded(5))
    perturbed = equation_7(theta, winner, ratios[..., 0])
    for a in range(candidates):
        for b in range(a):
            difference = (perturbed[:, a] - perturbed[:, b]).numpy()
            location = float(theta[0, a] - theta[0, b])
            assert stats.kstest(difference, stats.logistic(loc=location).cdf).pvalue > 1e-4


@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("winner", [0, 1])
def test_for_two_candidates_the_mean_jacobian_agrees_with_quadrature(winner: int, temperature: float) -> None:
    log_p = torch.tensor([[0.8, -0.5]], dtype=torch.float64).log_softmax(-1)
    won, lost = (float(log_p[0, index].exp()) for index in (winner, 1 - winner))

    def integrand(gap: float) -> float:
        soft = 1 / (1 + np.exp(gap / temperature))
        return float(soft * (1 - soft) * lost * np.exp(-gap) / (lost + won * np.exp(-gap)) ** 2)

    expected = integrate.quad(integrand, 0, 40 * temperature + 40, points=[temperature], limit=200)[0]
    index = torch.tensor([[winner]])
    noise = conditional_log_ratios(log_p, index, 200_000, seeded(6))
    jacobian = conditional_average(log_p, index, noise, temperature).jacobian[0]
    sign = torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64)
    # 200,000 draws of something between 0 and 1/4 that varies less than its mean times 4: 1 % is ample
    torch.testing.assert_close(jacobian, sign * expected / temperature, rtol=0.02, atol=0)


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_the_mean_jacobian_is_that_of_gumbel_draws_that_happened_to_choose_the_same(
    temperature: float,
) -> None:
    theta = torch.tensor([0.4, -0.6, 1.0, 0.0], dtype=torch.float64)
    log_p = theta.log_softmax(-1).unsqueeze(0)
    gumbel = stats.gumbel_r.rvs(size=(200_000, 4), random_state=np.random.default_rng(0))
    perturbed = theta + torch.from_numpy(gumbel)
    for candidate in range(4):
        soft = (perturbed[perturbed.argmax(-1) == candidate] / temperature).softmax(-1)
        products = -soft.unsqueeze(-1) * soft.unsqueeze(-2) / temperature
        index = torch.tensor([[candidate]])
        ours = conditional_average(
            log_p, index, conditional_log_ratios(log_p, index, 100_000, seeded(candidate)), temperature
        )
        # five standard errors of the rejection sampler, and as much for our own draws
        tolerance = 10 * products.std(0) / len(soft) ** 0.5
        difference = (ours.jacobian[0] - products.mean(0)).abs()
        off_diagonal = ~torch.eye(4, dtype=torch.bool)
        assert (difference < tolerance)[off_diagonal].all()
        assert ours.jacobian[0].sum(-1).abs().max() < 1e-12


def test_candidates_are_drawn_with_the_probabilities_of_the_logits() -> None:
    logits = torch.tensor([0.5, -1.0, 1.2, 0.0]).expand(40_000, 4)
    relaxation = GumbelRaoMonteCarlo()
    counts = relaxation.sample(logits, 0.0, seeded()).weights.sum(0)
    expected = relaxation.probabilities(logits)[0].double()
    assert stats.chisquare(counts.numpy(), (expected / expected.sum() * 40_000).numpy()).pvalue > 1e-3


def test_nothing_that_grows_with_k_is_kept_for_the_backward_pass() -> None:
    kept: list[int] = []

    def record(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor.numel())
        return tensor

    logits = torch.zeros(4, 5, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(record, lambda tensor: tensor):
        gumbel_rao(logits, 1000, 0.1, generator=seeded())
    assert kept == [4 * 5 * 5]


def test_without_a_gradient_the_conditional_draws_are_not_made() -> None:
    generator, outcome_only = seeded(), seeded()
    with torch.no_grad():
        gumbel_rao(torch.zeros(4, 5), 1000, 0.1, generator=generator)
    categorical(torch.zeros(4, 5), outcome_only)
    assert torch.equal(generator.get_state(), outcome_only.get_state())


@pytest.mark.parametrize("candidates", [2, 5])
def test_sure_choices_make_no_subnormal_numbers_which_are_slow(candidates: int) -> None:
    log_p = (torch.randn(50, candidates, generator=seeded()) * 20).log_softmax(-1)
    winner = categorical(log_p, seeded(1))
    found = conditional_average(log_p, winner, conditional_log_ratios(log_p, winner, 100, seeded(2)), 0.1)
    for numbers in (found.weights, found.jacobian):
        assert ((numbers == 0) | (numbers.abs() >= torch.finfo(torch.float32).tiny)).all()
