"""The exact Gumbel-Rao average, against integrals taken by other routes and against very many draws."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy import integrate, special

from nasframe.relaxations import (
    GumbelRaoMonteCarlo,
    categorical,
    conditional_average,
    conditional_log_ratios,
    exact_jacobian,
    gumbel_rao,
)
from nasframe.relaxations.gumbel_rao import race_table
from nasframe.relaxations.gumbel_rao.exact import exact_weights, jacobian_of_many, weights_of_many
from nasframe.relaxations.gumbel_rao.quadrature import arrival_times, reciprocal

Array = npt.NDArray[np.float64]

TEMPERATURES = [0.1, 0.2, 0.5, 1.0, 2.0]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def logits_of(kind: str, candidates: int) -> torch.Tensor:
    """`(candidates,)`: all alike, somewhat different, or with probabilities down to 1e-15."""
    if kind == "balanced":
        return torch.zeros(candidates, dtype=torch.float64)
    if kind == "skewed":
        return 2 * torch.randn(candidates, dtype=torch.float64, generator=seeded(candidates))
    return torch.linspace(0, -34.5, candidates, dtype=torch.float64)


def every_winner(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """One row for each outcome: log p and the winners."""
    candidates = len(logits)
    return logits.log_softmax(-1).expand(candidates, candidates), torch.arange(candidates).unsqueeze(-1)


# -- other routes ---------------------------------------------------------------------------------------


def for_two(log_p: Array, winner: int, temperature: float) -> tuple[float, float]:
    """E[s(1 - s)]/τ and E s of the loser, over the gap x between the two perturbed logits, by scipy."""
    lost, won = np.exp(log_p[1 - winner]), np.exp(log_p[winner])

    def density(x: float) -> float:
        return float(lost * np.exp(-x) / (lost + won * np.exp(-x)) ** 2)

    def loser(x: float) -> float:
        return float(special.expit(-x / temperature))

    middle = max(float(log_p[winner] - log_p[1 - winner]), 0.0)
    ends = sorted({0.0, temperature, 8 * temperature, middle, middle + 5, middle + 40, 45 * temperature})

    def integral(function: object) -> float:
        pieces = itertools.pairwise(ends)
        return sum(integrate.quad(function, *piece, epsabs=1e-12, limit=200)[0] for piece in pieces)

    slope = integral(lambda x: loser(x) * (1 - loser(x)) * density(x)) / temperature
    return slope, integral(lambda x: loser(x) * density(x))


def over_arrivals(log_p: Array, winner: int, temperature: float, step: float = 0.5) -> tuple[Array, Array]:
    """E[s sᵀ]/τ and E s by summing over a grid of all arrival times.

    The ratios ρ_j = E_j/E_I of independent Exp(1) variables have density n! / (1 + Σ ρ)^(n+1).
    """
    losers = [index for index in range(len(log_p)) if index != winner]
    n = len(losers)
    axis = np.arange(-18, 22, step)
    log_ratio = np.stack([part.ravel() for part in np.meshgrid(*[axis] * n, indexing="ij")])
    density = math.factorial(n) * step**n * np.exp(log_ratio.sum(0))
    density /= (1 + np.exp(log_ratio).sum(0)) ** (n + 1)
    soft = np.ones((n + 1, log_ratio.shape[1]))
    for row, loser in zip(log_ratio, losers, strict=True):
        soft[loser] = np.exp(-np.logaddexp(0, row - log_p[loser]) / temperature)
    soft /= soft.sum(0)
    return (soft * density) @ soft.T / temperature, soft @ density


def reduced(log_p: Array, temperature: float) -> tuple[Array, Array]:
    """E[s_i s_j]/τ for i ≠ j and E s, with one more dimension in front: for every winner.

    Fine grids in log t, log r and the logarithm of every loser's delay, and nothing tabulated.
    """
    candidates = len(log_p)
    log_t, log_r = np.arange(-22, 4.2, 0.2), np.arange(-20, 3.2, 0.4)
    t, r = np.exp(log_t), np.exp(log_r)
    phi, psi = np.empty((2, candidates, len(t), len(r)))
    for index, log_c in np.ndenumerate(log_p[:, None] + log_t):
        log_delay = np.linspace(log_c + min(0, np.log(temperature)) - 20, 4, 320)
        delay = np.exp(log_delay)
        weight = delay * np.exp(-delay) * (log_delay[1] - log_delay[0])
        y = np.exp(-np.log1p(delay / np.exp(log_c)) / temperature)
        decay = np.exp(-np.outer(r, y))
        phi[index], psi[index] = decay @ weight + -np.expm1(-delay[0]) * np.exp(-r), decay @ (weight * y)
    products, weights = [], []
    measure = 0.2 * (t * np.exp(-t))[:, None] * 0.4 * np.exp(-r)
    for winner in range(candidates):
        factor, share = phi.copy(), psi / phi
        factor[winner], share[winner] = 1, 1
        common = measure * factor.prod(0)
        pairs = np.einsum("itr,jtr,tr->ij", share, share, common * r**2, optimize=True) / temperature
        np.fill_diagonal(pairs, 0)
        products.append(pairs)
        weights.append(np.einsum("itr,tr->i", share, common * r))
    return np.stack(products), np.stack(weights)


def jacobian_from(products: Array) -> torch.Tensor:
    off_diagonal = products * (1 - np.eye(products.shape[-1]))
    return torch.from_numpy(np.apply_along_axis(np.diag, -1, off_diagonal.sum(-1)) - off_diagonal)


# -- how exact ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["balanced", "skewed", "very skewed"])
@pytest.mark.parametrize("temperature", [0.02, *TEMPERATURES, 10.0])
def test_for_two_candidates_it_agrees_with_scipys_quadrature_over_their_gap(
    temperature: float, kind: str
) -> None:
    log_p, winner = every_winner(logits_of(kind, 2))
    jacobian, weights = exact_jacobian(log_p, winner, temperature), exact_weights(log_p, winner, temperature)
    for row in range(2):
        slope, share = for_two(log_p[row].numpy(), row, temperature)
        expected = slope * torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=torch.float64)
        torch.testing.assert_close(jacobian[row], expected, rtol=0, atol=2e-6)
        assert float(weights[row, 1 - row]) == pytest.approx(share, abs=2e-6)
        assert float(weights[row].sum()) == pytest.approx(1)


@pytest.mark.parametrize("kind", ["balanced", "skewed", "very skewed"])
@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("candidates", [3, 4])
def test_it_agrees_with_a_sum_over_all_arrival_times(candidates: int, temperature: float, kind: str) -> None:
    log_p, winner = every_winner(logits_of(kind, candidates))
    jacobian, weights = exact_jacobian(log_p, winner, temperature), exact_weights(log_p, winner, temperature)
    for row in range(candidates):
        products, mean = over_arrivals(log_p[row].numpy(), row, temperature)
        torch.testing.assert_close(jacobian[row], jacobian_from(products), rtol=0, atol=2e-5)
        torch.testing.assert_close(weights[row], torch.from_numpy(mean), rtol=0, atol=2e-5)


@pytest.mark.parametrize("temperature", TEMPERATURES)
@pytest.mark.parametrize("candidates", [2, 3, 4, 5, 6, 7, 8])
def test_every_entry_is_within_1e_5_of_the_integral_whoever_wins(candidates: int, temperature: float) -> None:
    for kind in ("balanced", "skewed", "very skewed"):
        log_p, winner = every_winner(logits_of(kind, candidates))
        products, mean = reduced(log_p[0].numpy(), temperature)
        jacobian = exact_jacobian(log_p, winner, temperature)
        torch.testing.assert_close(jacobian, jacobian_from(products), rtol=0, atol=1e-5)
        weights = exact_weights(log_p, winner, temperature)
        torch.testing.assert_close(weights, torch.from_numpy(mean), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("candidates", "temperature"),
    [(5, 0.02), (5, 0.05), (5, 5.0), (5, 10.0), (16, 1.0), (32, 0.1), (32, 1.0)],
)
def test_colder_hotter_and_with_many_candidates_it_is_within_1e_4(
    candidates: int, temperature: float
) -> None:
    for kind in ("balanced", "skewed", "very skewed"):
        log_p, winner = every_winner(logits_of(kind, candidates))
        products, mean = reduced(log_p[0].numpy(), temperature)
        jacobian = exact_jacobian(log_p, winner, temperature)
        torch.testing.assert_close(jacobian, jacobian_from(products), rtol=0, atol=1e-4)
        weights = exact_weights(log_p, winner, temperature)
        torch.testing.assert_close(weights, torch.from_numpy(mean), rtol=0, atol=1e-4)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
@pytest.mark.parametrize("candidates", [2, 3, 6])
def test_the_mean_over_very_many_draws_goes_there(candidates: int, temperature: float) -> None:
    log_p, winner = every_winner(logits_of("skewed", candidates))
    runs = [
        conditional_average(
            log_p, winner, conditional_log_ratios(log_p, winner, 4000, generator), temperature
        )
        for generator in map(seeded, range(50))
    ]
    for draws, exact in (
        (torch.stack([run.jacobian for run in runs]), exact_jacobian(log_p, winner, temperature)),
        (torch.stack([run.weights for run in runs]), exact_weights(log_p, winner, temperature)),
    ):
        error = draws.std(0) / len(runs) ** 0.5
        # at most 216 comparisons of 50 runs; the seeds are fixed
        assert ((draws.mean(0) - exact).abs() < 5 * error + 1e-5).all()


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_two_candidates_are_the_same_by_their_own_rule_and_by_that_for_many(temperature: float) -> None:
    logits = torch.randn(40, 2, dtype=torch.float64, generator=seeded()) * 8
    log_p, winner = logits.log_softmax(-1), torch.randint(2, (40, 1), generator=seeded(1))
    own, general = (route(log_p, winner, temperature) for route in (exact_jacobian, jacobian_of_many))
    torch.testing.assert_close(own, general, rtol=0, atol=1e-5)
    own, general = (route(log_p, winner, temperature) for route in (exact_weights, weights_of_many))
    torch.testing.assert_close(own, general, rtol=0, atol=1e-5)


def test_its_gauss_rules_integrate_what_they_are_made_for() -> None:
    t, weight = arrival_times(7)
    for power in range(14):
        assert float((weight * t ** (power / 3)).sum()) == pytest.approx(math.gamma(1 + power / 3), rel=1e-6)
    for largest, error in ((2, 2e-6), (5, 2e-6), (12, 2e-6), (32, 6e-5), (64, 2e-4)):
        r, weight = reciprocal(largest)
        total = torch.linspace(1, largest, 300, dtype=torch.float64).unsqueeze(-1)
        decay = torch.exp(-r * total)
        for found, power in (((decay * weight).sum(-1), 1), ((decay * weight * r).sum(-1), 2)):
            assert ((found * total.squeeze(-1) ** power) - 1).abs().max() < 1.2 * error


# -- what holds for every Jacobian of a softmax ---------------------------------------------------------


@pytest.mark.parametrize("candidates", [1, 2, 3, 9, 32])
def test_jacobians_are_symmetric_and_their_rows_sum_to_zero(candidates: int) -> None:
    log_p, winner = every_winner(logits_of("skewed", candidates))
    jacobian = exact_jacobian(log_p, winner, 0.3)
    assert jacobian.shape == (candidates, candidates, candidates)
    torch.testing.assert_close(jacobian, jacobian.mT)
    assert jacobian.sum(-1).abs().max() < 1e-12
    assert (jacobian.diagonal(dim1=-2, dim2=-1) >= 0).all()
    torch.testing.assert_close(exact_weights(log_p, winner, 0.3).sum(-1), torch.ones(candidates).double())


def test_permuting_the_losers_permutes_the_jacobian_and_the_weights() -> None:
    log_p, winner = logits_of("skewed", 6).log_softmax(-1).unsqueeze(0), torch.tensor([[2]])
    order = torch.tensor([4, 0, 2, 5, 1, 3])
    for function in (exact_jacobian, exact_weights):
        straight, permuted = function(log_p, winner, 0.2), function(log_p[:, order], winner, 0.2)
        expected = straight[:, order] if straight.ndim == 2 else straight[:, order][:, :, order]
        torch.testing.assert_close(permuted, expected)


def test_a_candidate_without_probability_gets_no_gradient() -> None:
    for candidates in (2, 4):
        logits = torch.zeros(1, candidates, dtype=torch.float64)
        logits[0, 1] = -1e4
        jacobian = exact_jacobian(logits.log_softmax(-1), torch.tensor([[0]]), 0.5)
        assert (jacobian[0, 1] == 0).all()


def test_without_finite_logits_there_is_no_finite_gradient() -> None:
    logits = torch.tensor([[0.0, math.nan, 1.0], [0.0, 1.0, 2.0]], requires_grad=True)
    gumbel_rao(logits, "exact", 0.1, generator=seeded())[:, 0].sum().backward()
    assert logits.grad is not None
    assert logits.grad[0].isnan().all()
    assert logits.grad[1].isfinite().all()


# -- numbers of any kind --------------------------------------------------------------------------------


@pytest.mark.parametrize("candidates", [2, 5])
@pytest.mark.parametrize("temperature", [0.02, 0.1, 1.0, 10.0])
def test_float32_is_as_exact_as_float64(temperature: float, candidates: int) -> None:
    log_p = (torch.randn(60, candidates, generator=seeded()) * 4).log_softmax(-1)
    winner = torch.randint(candidates, (60, 1), generator=seeded(1))
    for function in (exact_jacobian, exact_weights):
        single, double = (
            function(log_p.to(dtype), winner, temperature) for dtype in (torch.float32, torch.float64)
        )
        assert single.dtype == torch.float32
        torch.testing.assert_close(single.double(), double, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("candidates", [2, 5])
def test_bfloat16_logits_are_worked_on_in_float32(candidates: int) -> None:
    logits = torch.randn(20, candidates, generator=seeded()).bfloat16()
    direction = torch.randn(20, candidates, generator=seeded(1)).bfloat16()
    found = []
    for dtype in (torch.bfloat16, torch.float32):
        leaf = logits.to(dtype).requires_grad_()
        weights = gumbel_rao(leaf, "exact", 0.5, hard=False, generator=seeded(2))
        assert weights.dtype == dtype
        found += [weights, torch.autograd.grad(weights, leaf, direction.to(dtype))[0]]
    assert torch.equal(found[0], found[2].bfloat16())
    assert torch.equal(found[1], found[3].bfloat16())


@pytest.mark.parametrize("temperature", [1e-3, 0.02, 0.1, 1.0, 10.0, 1000.0])
@pytest.mark.parametrize("candidates", [2, 3, 8])
def test_any_temperature_and_any_logits_give_finite_numbers(candidates: int, temperature: float) -> None:
    for scale in (0.0, 1.0, 30.0, 1e4):
        logits = torch.randn(50, candidates, generator=seeded()) * scale
        log_p, winner = logits.log_softmax(-1), torch.randint(candidates, (50, 1), generator=seeded(1))
        jacobian, weights = (
            exact_jacobian(log_p, winner, temperature),
            exact_weights(log_p, winner, temperature),
        )
        assert jacobian.isfinite().all()
        # no weight is above one, so no entry is above 1/(4τ)
        assert jacobian.abs().max() <= 0.2501 / temperature
        assert weights.isfinite().all()
        assert weights.min() >= 0


def test_many_rows_are_done_by_parts_with_the_same_result() -> None:
    logits = torch.randn(3000, 5, dtype=torch.float64, generator=seeded())
    log_p, winner = logits.log_softmax(-1), torch.randint(5, (3000, 1), generator=seeded(1))
    for function in (exact_jacobian, exact_weights):
        whole = function(log_p, winner, 0.1)
        torch.testing.assert_close(whole[2990:], function(log_p[2990:], winner[2990:], 0.1))


def test_a_table_made_without_gradients_serves_with_them() -> None:
    race_table.cache_clear()
    logits = torch.randn(4, 5, generator=seeded())
    with torch.inference_mode():
        gumbel_rao(logits, "exact", 0.37, hard=False, generator=seeded())
    logits.requires_grad_()
    gumbel_rao(logits, "exact", 0.37, hard=False, generator=seeded())[:, 0].sum().backward()
    assert logits.grad is not None


# -- as a relaxation ------------------------------------------------------------------------------------


@pytest.mark.parametrize("hard", [True, False])
@pytest.mark.parametrize("candidates", [2, 5])
def test_only_the_outcome_is_drawn_and_it_is_that_of_a_sampled_average(candidates: int, hard: bool) -> None:
    logits = torch.randn(30, candidates, generator=seeded()).requires_grad_()
    exact, sampled, outcome = seeded(7), seeded(7), seeded(7)
    weights = gumbel_rao(logits, "exact", 0.1, hard, generator=exact)
    drawn = gumbel_rao(logits, 10, 0.1, generator=sampled)
    winner = categorical(logits.detach().log_softmax(-1), outcome)
    assert torch.equal(exact.get_state(), outcome.get_state())
    assert torch.equal(drawn.argmax(-1, keepdim=True), winner)
    if hard:
        assert torch.equal(weights, drawn)
    else:
        torch.testing.assert_close(weights, exact_weights(logits.detach().log_softmax(-1), winner, 0.1))


@pytest.mark.parametrize("hard", [True, False])
def test_the_backward_pass_is_the_exact_jacobian_forward_hard_or_soft(hard: bool) -> None:
    logits = torch.randn(12, 5, dtype=torch.float64, generator=seeded()).requires_grad_()
    direction = torch.randn(12, 5, dtype=torch.float64, generator=seeded(1))
    weights = gumbel_rao(logits, "exact", 0.5, hard, generator=seeded(2))
    (gradient,) = torch.autograd.grad(weights, logits, direction)
    log_p = logits.detach().log_softmax(-1)
    jacobian = exact_jacobian(log_p, categorical(log_p, seeded(2)), 0.5)
    torch.testing.assert_close(gradient, (jacobian.mT @ direction.unsqueeze(-1)).squeeze(-1))


def test_given_the_outcome_there_is_no_noise() -> None:
    logits = torch.tensor([[0.3, -0.2, 0.9]]).expand(200, 3).clone().requires_grad_()
    weights = gumbel_rao(logits, "exact", 0.1, generator=seeded())
    (gradient,) = torch.autograd.grad(weights[:, 0].sum(), logits)
    for candidate in range(3):
        same = gradient[weights[:, candidate] == 1]
        assert len(same) > 10
        assert (same == same[0]).all()


def test_a_schedule_changes_the_temperature_of_the_exact_average() -> None:
    relaxation = GumbelRaoMonteCarlo(samples="exact", temperature=2.0, temperature_end=0.1, schedule="linear")
    logits = torch.randn(6, 4, generator=seeded()).requires_grad_()
    log_p = logits.detach().log_softmax(-1)
    for epoch in range(30):
        progress = epoch / 29
        weights = relaxation.sample(logits, progress, seeded(epoch)).weights
        (gradient,) = torch.autograd.grad(weights[:, 1].sum(), logits)
        expected = exact_jacobian(log_p, categorical(log_p, seeded(epoch)), 2.0 - 1.9 * progress)[:, 1]
        torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-5)
    assert race_table.cache_info().currsize <= 8


def test_a_derivative_through_the_noise_is_refused_where_the_average_is_exact() -> None:
    message = "samples = 'exact' has no derivative through the noise; leave through_noise out"
    with pytest.raises(ValueError, match=message):
        GumbelRaoMonteCarlo(samples="exact", through_noise=True)
    with pytest.raises(ValueError, match=message):
        gumbel_rao(torch.zeros(2, 3), "exact", 0.1, through_noise=True)
