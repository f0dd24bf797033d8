"""Gradients are clipped as torch clips them, whether their norm is read at once or gathered."""

from __future__ import annotations

import pytest
import torch

from nasframe.training import StepCheck, checked_gradients

LEAST, MOST = 1e-8, 5.0


def failure(subject: str, predicate: str) -> Exception:
    return AssertionError(f"{subject} {predicate}")


@pytest.mark.parametrize("every", [1, 50], ids=["read at once", "gathered"])
@pytest.mark.parametrize("clip_norm", [LEAST, 1e-3, MOST, 1e6])
@pytest.mark.parametrize("share", [1e-3, 0.5, 1 - 1e-5, 1 - 1e-6, 1 - 1e-7, 1.0, 1 + 1e-7, 1 + 1e-5, 3.0])
def test_clipped_gradients_have_the_bits_of_those_that_torch_clips(
    every: int, clip_norm: float, share: float
) -> None:
    torch.manual_seed(0)
    wanted = [torch.randn(3, 4), torch.randn(5)]
    norm = torch.linalg.vector_norm(torch.cat([value.flatten() for value in wanted]).double())
    wanted = [(value.double() / norm * clip_norm * share).float() for value in wanted]
    ours, theirs = ([torch.zeros_like(value).requires_grad_() for value in wanted] for _ in range(2))
    for items in (ours, theirs):
        items.append(torch.zeros(2, requires_grad=True))  # it has no part in the loss
    loss = sum((item * value).sum() for item, value in zip(ours, wanted, strict=False))
    assert isinstance(loss, torch.Tensor)

    assert checked_gradients(loss, [ours], clip_norm, StepCheck(every), failure)

    for item, value in zip(theirs, wanted, strict=False):
        item.grad = value.clone()
    torch.nn.utils.clip_grad_norm_(theirs, clip_norm)
    assert ours[-1].grad is None
    for one, other in zip(ours[:-1], theirs[:-1], strict=True):
        assert one.grad is not None
        assert other.grad is not None
        assert torch.equal(one.grad, other.grad)
    if share == 3.0:
        assert not torch.equal(ours[0].grad, wanted[0])  # type: ignore[arg-type]
