"""DARTS's mixture."""

from __future__ import annotations

import pytest
import torch

from nasframe.relaxations import Softmax


@pytest.mark.parametrize("temperature", [0.1, 1.0, 3.0])
def test_weights_are_exponentials_divided_by_their_sum(temperature: float) -> None:
    logits = torch.tensor([[0.3, -1.0, 2.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
    powers = (logits / temperature).exp()
    weights = Softmax(temperature=temperature).sample(logits).weights
    torch.testing.assert_close(weights, powers / powers.sum(-1, keepdim=True), rtol=1e-12, atol=0)


def test_the_gradient_is_that_of_finite_differences() -> None:
    logits = torch.randn(
        3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    ).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: Softmax(temperature=0.7).sample(x).weights, (logits,))


def test_probabilities_are_the_weights_so_evaluation_sees_what_was_trained() -> None:
    logits = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    relaxation = Softmax(temperature=0.3)
    assert torch.equal(relaxation.probabilities(logits), relaxation.sample(logits, 0.7).weights)
