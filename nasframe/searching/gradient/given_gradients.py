"""A loss whose gradients have been worked out already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["with_gradients"]


def with_gradients(loss: Tensor, tensors: Sequence[Tensor], gradients: Sequence[Tensor | None]) -> Tensor:
    """Return a loss `()`, whose backward pass gives each tensor its gradient; None is none.

    It is a constant in everything else: second derivatives are zero.
    """
    given = [
        (item, gradient) for item, gradient in zip(tensors, gradients, strict=True) if gradient is not None
    ]
    apply = _WithGradients.apply
    result: Tensor = apply(loss, [gradient for _, gradient in given], *(item for item, _ in given))  # type: ignore[no-untyped-call, unused-ignore]
    return result


class _WithGradients(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, loss: Tensor, gradients: Sequence[Tensor], *tensors: Tensor) -> Tensor:
        ctx.gradients = gradients
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, *above: Tensor) -> tuple[Tensor | None, ...]:
        return (None, None, *(above[0].to(item) * item for item in ctx.gradients))
