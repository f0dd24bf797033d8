"""Gapped straight-through: its two moves written out, with autograd through the softmax after them."""

from __future__ import annotations

import pytest
import torch
from scipy import stats

from nasframe.relaxations import GappedStraightThrough, gapped_straight_through, gumbel_softmax


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def some_logits(choices: int, candidates: int) -> torch.Tensor:
    return torch.randn(choices, candidates, dtype=torch.float64, generator=seeded(2)) * 1.5


def moved(theta: torch.Tensor, drawn: torch.Tensor, gap: float) -> torch.Tensor:
    """The logits after both moves, which are constants: m1 lifts the drawn one, m2 lowers the others."""
    fixed = theta.detach()
    highest = fixed.max(-1, keepdim=True).values
    m1 = (highest - (fixed * drawn).sum(-1, keepdim=True)) * drawn
    m2 = torch.relu(fixed + gap - highest) * (1 - drawn)
    return theta + m1 - m2


@pytest.mark.parametrize("hard", [True, False])
@pytest.mark.parametrize("gap", [0.0, 1.0, 2.5])
@pytest.mark.parametrize("temperature", [0.1, 0.7, 1.0])
@pytest.mark.parametrize("candidates", [2, 5])
def test_it_is_the_softmax_of_the_moved_logits_with_autograd_on_the_same_draw(
    candidates: int, temperature: float, gap: float, hard: bool
) -> None:
    theta = some_logits(8, candidates).requires_grad_()
    direction = torch.randn(8, candidates, dtype=torch.float64, generator=seeded(3))
    drawn = gapped_straight_through(theta, temperature, gap, True, seeded(8)).detach()
    ours = gapped_straight_through(theta, temperature, gap, hard, seeded(8))
    (our_gradient,) = torch.autograd.grad(ours, theta, direction)

    soft = (moved(theta, drawn, gap) / temperature).softmax(-1)
    (expected,) = torch.autograd.grad(soft, theta, direction)
    torch.testing.assert_close(ours, drawn if hard else soft)
    torch.testing.assert_close(our_gradient, expected, rtol=1e-9, atol=1e-12)


def test_the_drawn_candidate_leads_by_the_gap() -> None:
    theta = some_logits(50, 4)
    soft = gapped_straight_through(theta, 0.5, 1.5, False, seeded(1))
    first, second = soft.log().topk(2).values.mul(0.5).unbind(-1)
    assert (first - second > 1.5 - 1e-9).all()
    drawn = gapped_straight_through(theta, 0.5, 1.5, True, seeded(1))
    assert torch.equal(soft.argmax(-1), drawn.argmax(-1))


def test_a_lead_that_is_there_already_is_left_alone() -> None:
    theta = torch.tensor([[40.0, 37.0, 31.0]], dtype=torch.float64)
    soft = gapped_straight_through(theta, 2.0, 1.0, False, seeded())
    assert int(soft.argmax()) == 0
    torch.testing.assert_close(soft, (theta / 2).softmax(-1), rtol=1e-12, atol=0)


def test_the_gradient_depends_on_the_draw_only_through_its_outcome_so_it_is_less_noisy_than_stgs() -> None:
    target = torch.tensor([0.2, 0.7, 0.1, 0.9, 0.4], dtype=torch.float64)
    theta = torch.tensor([1.5, -0.3, -2.2, 0.6, -1.1], dtype=torch.float64)

    def gradients(estimator: str, draws: int = 20_000) -> torch.Tensor:
        rows = theta.expand(draws, 5).clone().requires_grad_()
        if estimator == "gst":
            weights = gapped_straight_through(rows, 0.5, generator=seeded(1))
        else:
            weights = gumbel_softmax(rows, 0.5, generator=seeded(1))
        return torch.autograd.grad((weights - target).square().sum(), rows)[0]

    gst, stgs = gradients("gst"), gradients("stgs")
    assert gst.unique(dim=0).shape[0] == 5
    assert gst.var(0).sum() < 0.7 * stgs.var(0).sum()


def test_candidates_are_drawn_with_the_probabilities_of_the_logits() -> None:
    logits = torch.tensor([0.5, -1.0, 1.2, 0.0]).expand(40_000, 4)
    relaxation = GappedStraightThrough(temperature=0.1, gap=3.0)
    counts = relaxation.sample(logits, 0.0, seeded()).weights.sum(0)
    expected = relaxation.probabilities(logits)[0].double()
    assert stats.chisquare(counts.numpy(), (expected / expected.sum() * 40_000).numpy()).pvalue > 1e-3


def test_huge_logits_keep_a_gradient_because_the_gap_is_measured_from_the_largest() -> None:
    logits = torch.tensor([[1e4, 1e4 - 1, -1e4]], requires_grad=True)
    weights = gapped_straight_through(logits, 1.0, generator=seeded())
    (gradient,) = torch.autograd.grad(weights[0, 0], logits)
    small = torch.tensor([0.0, -1.0], dtype=torch.float64).softmax(-1)
    torch.testing.assert_close(gradient[0, :2].double().abs(), small.prod().expand(2), rtol=1e-5, atol=0)
