"""Draws of many choices, made some choices at a time."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from nasframe.relaxations import gumbel_rao
from nasframe.relaxations.gumbel_rao import estimator


@pytest.mark.parametrize("through_noise", [False, True])
@pytest.mark.parametrize("candidates", [2, 5])
def test_choices_get_the_same_numbers_in_blocks_as_all_at_once(
    candidates: int, through_noise: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    logits = torch.randn(11, candidates, requires_grad=True)
    upstream = torch.randn(11, candidates)

    def sample() -> tuple[Tensor, Tensor]:
        generator = torch.Generator().manual_seed(3)
        weights = gumbel_rao(logits, 50, 0.5, hard=False, through_noise=through_noise, generator=generator)
        return weights, torch.autograd.grad(weights, logits, upstream)[0]

    whole = sample()
    monkeypatch.setattr(estimator, "_DRAWS_AT_ONCE", 4 * candidates * 50)  # blocks of four choices
    torch.testing.assert_close(sample(), whole)  # but for rounding
