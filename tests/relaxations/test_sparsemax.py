"""Sparsemax, beside bisection on its threshold, a general solver, and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import optimize

from nasframe.relaxations import Sparsemax, simplex_projection


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def some_logits(choices: int, candidates: int, scale: float = 1.0) -> torch.Tensor:
    return torch.randn(choices, candidates, dtype=torch.float64, generator=seeded(2)) * scale


def by_bisection(row: np.ndarray) -> np.ndarray:
    def excess(threshold: float) -> float:
        return float(np.maximum(row - threshold, 0).sum() - 1)

    threshold = optimize.brentq(excess, row.min() - 1, row.max(), xtol=1e-14)
    return np.maximum(row - threshold, 0)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("candidates", [2, 5, 30])
def test_the_weights_are_what_bisection_on_the_threshold_gives(candidates: int, temperature: float) -> None:
    logits = some_logits(20, candidates)
    expected = np.stack([by_bisection(row) for row in (logits / temperature).numpy()])
    found = simplex_projection(logits, temperature)
    torch.testing.assert_close(found, torch.from_numpy(expected), rtol=0, atol=1e-12)


def test_no_point_of_the_simplex_is_nearer_to_the_logits() -> None:
    for row in some_logits(10, 4, 0.7).numpy():
        solved = optimize.minimize(
            lambda point, row=row: np.square(point - row).sum(),
            np.full(4, 0.25),
            method="SLSQP",
            bounds=[(0, 1)] * 4,
            constraints={"type": "eq", "fun": lambda point: point.sum() - 1},
            options={"ftol": 1e-14, "maxiter": 500},
        )
        found = simplex_projection(torch.from_numpy(row)[None])[0].numpy()
        assert np.abs(found - solved.x).max() < 1e-6


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("candidates", [2, 5])
def test_the_gradient_is_that_of_finite_differences(candidates: int, temperature: float) -> None:
    logits = some_logits(6, candidates, 2 * temperature).requires_grad_()
    weights = simplex_projection(logits, temperature)
    sizes = (weights > 0).sum(-1)
    assert sizes.min() < sizes.max()
    assert torch.autograd.gradcheck(lambda x: simplex_projection(x, temperature), (logits,))


def test_a_candidate_off_the_support_has_weight_zero_and_no_gradient() -> None:
    logits = torch.tensor([[0.5, 0.2, -0.9, 0.1]], requires_grad=True)
    weights = simplex_projection(logits)
    assert weights[0, 2] == 0
    assert (weights[0, [0, 1, 3]] > 0).all()
    (gradient,) = torch.autograd.grad(weights, logits, torch.tensor([[1.0, 2.0, 3.0, 4.0]]))
    assert gradient[0, 2] == 0
    torch.testing.assert_close(gradient[0, [0, 1, 3]], torch.tensor([1.0, 2.0, 4.0]) - 7 / 3)


def test_by_gradient_descent_alone_a_candidate_never_comes_back() -> None:
    logits = some_logits(50, 6, 0.3).requires_grad_()
    alive = simplex_projection(logits) > 0
    for step in range(300):
        weights = simplex_projection(logits)
        now = weights > 0
        assert not (now & ~alive).any()
        alive = now
        (gradient,) = torch.autograd.grad(
            weights, logits, torch.randn(50, 6, generator=seeded(step)).double()
        )
        with torch.no_grad():
            logits -= 0.02 * gradient
    assert alive.sum() < 50 * 6 / 2


def test_sure_and_equal_logits_give_one_candidate_and_equal_shares() -> None:
    logits = torch.tensor([[1e4, -1e4, 0.0], [1e4, 1e4, 1e4], [3.0, 3.0, 2.0]])
    expected = torch.tensor([[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.5, 0.0]])
    torch.testing.assert_close(simplex_projection(logits), expected)


def test_far_candidates_cost_the_near_ones_no_digits() -> None:
    near = torch.tensor([[0.3, 0.1, -0.2]])
    far = torch.cat((near, torch.full((1, 50), -1e4)), dim=-1)
    assert torch.equal(simplex_projection(far)[:, :3], simplex_projection(near))


def test_probabilities_are_the_weights_so_evaluation_sees_what_was_trained() -> None:
    logits = some_logits(5, 4)
    relaxation = Sparsemax(temperature=0.6)
    assert torch.equal(relaxation.probabilities(logits), relaxation.sample(logits, 0.7).weights)
