"""Gradients are clipped as torch clips them, whether their norm is read at once or gathered."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from nasframe.training import StepCheck, checked_gradients


def failure(subject: str, predicate: str) -> Exception:
    return AssertionError(f"{subject} {predicate}")


def leaves(gradients: list[Tensor]) -> list[Tensor]:
    return [torch.zeros_like(value).requires_grad_() for value in gradients]


def ours(gradients: list[Tensor], clip_norm: float, every: int) -> list[Tensor | None]:
    """The gradients that a step leaves where its loss has these; one more tensor has no part in the loss."""
    found = leaves(gradients)
    loss = torch.stack([(item * value).sum() for item, value in zip(found, gradients, strict=True)]).sum()
    apart = torch.zeros(2, requires_grad=True)
    assert checked_gradients(loss, [[*found, apart]], clip_norm, StepCheck(every), failure)
    assert apart.grad is None
    return [item.grad for item in found]


def torchs(gradients: list[Tensor], clip_norm: float) -> list[Tensor | None]:
    found = leaves(gradients)
    for item, value in zip(found, gradients, strict=True):
        item.grad = value.clone()
    torch.nn.utils.clip_grad_norm_(found, clip_norm)
    return [item.grad for item in found]


def are_equal(some: list[Tensor | None], others: list[Tensor | None]) -> bool:
    pairs = zip(some, others, strict=True)
    return all(one is not None and other is not None and torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("every", [1, 50], ids=["read at once", "gathered"])
@pytest.mark.parametrize("clip_norm", [1e-8, 1e-3, 5.0, 1e6])
@pytest.mark.parametrize("share", [1e-3, 0.5, 0.97, 1 - 1e-5, 1 - 1e-7, 1.0, 1 + 1e-7, 1 + 1e-5, 3.0])
def test_clipped_gradients_have_the_bits_of_those_that_torch_clips(
    every: int, clip_norm: float, share: float
) -> None:
    torch.manual_seed(0)
    drawn = [torch.randn(3, 4), torch.randn(5)]
    norm = torch.linalg.vector_norm(torch.cat([value.flatten() for value in drawn]).double())
    gradients = [(value.double() / norm * clip_norm * share).float() for value in drawn]
    found = ours(gradients, clip_norm, every)
    assert are_equal(found, torchs(gradients, clip_norm))
    if share > 1.5:
        assert not are_equal(found, [*gradients])


@pytest.mark.parametrize(
    ("dtype", "clip_norm", "gradient"),
    [
        (torch.float32, 550.170909031119, 550.1708984375),
        (torch.bfloat16, 0.840381, 0.83984375),
        (torch.float16, 3.59195, 3.591796875),
    ],
)
def test_they_have_them_too_where_torch_rounds_the_norm_up(
    dtype: torch.dtype, clip_norm: float, gradient: float
) -> None:
    gradients = [torch.tensor([gradient], dtype=dtype)]
    assert are_equal(ours(gradients, clip_norm, 1), torchs(gradients, clip_norm))
