"""`straight_through`, held against the contract of relaxations."""

from __future__ import annotations

import torch

from nasframe import Relaxation
from nasframe.testing import RelaxationSuite
from nasframe_plugin_example.straight_through import StraightThrough


class TestStraightThrough(RelaxationSuite):
    def make(self) -> Relaxation:
        return StraightThrough()


def test_the_gradient_is_that_of_softmax() -> None:
    logits = torch.randn(5, 3, requires_grad=True)
    upstream = torch.randn(5, 3)
    weights = StraightThrough(temperature=0.7).sample(logits).weights
    (found,) = torch.autograd.grad(weights, logits, upstream)
    (expected,) = torch.autograd.grad(torch.softmax(logits / 0.7, -1), logits, upstream)
    torch.testing.assert_close(found, expected)
