"""A forward value with a Jacobian of its own, the common part of straight-through estimators."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["laplacian", "one_hot", "softmax_jacobian", "with_jacobian"]


def one_hot(winner: Tensor, like: Tensor) -> Tensor:
    """Return exact zeros and ones in the shape, dtype and device of `like`.

    Args:
        winner: index of the one in each row, `(choices, 1)`.
        like: `(choices, candidates)`.
    """
    return torch.zeros_like(like).scatter_(-1, winner, 1.0)


def softmax_jacobian(weights: Tensor, temperature: float = 1.0) -> Tensor:
    """Return the Jacobian of s = softmax(θ/τ) with respect to θ, which is (diag(s) - s sᵀ)/τ.

    Args:
        weights: s, `(choices, candidates)`; the result is `(choices, candidates, candidates)`.
        temperature: τ, greater than 0.
    """
    # by broadcasting, because autocast would do a matrix product in half precision
    return laplacian(weights.unsqueeze(-1) * weights.unsqueeze(-2)).div_(temperature)


def laplacian(products: Tensor) -> Tensor:
    """Return diag(row sums) - products without the diagonal of `products`, computed in place."""
    diagonal = products.diagonal(dim1=-2, dim2=-1)
    diagonal.zero_()
    sums = products.sum(dim=-1)
    products.neg_()
    diagonal.copy_(sums)
    return products


def with_jacobian(logits: Tensor, value: Tensor, jacobian: Tensor) -> Tensor:
    """Return `value` for the forward pass, with `jacobian` as its derivative in the backward pass.

    Nothing but the Jacobian is kept for the backward pass. It is a constant: second derivatives are zero.

    Args:
        logits: `(choices, candidates)`, which get the gradient; the result has their dtype.
        value: `(choices, candidates)`.
        jacobian: `(choices, candidates, candidates)`, d value_i / d logits_j in row i, column j.
    """
    result: Tensor = _WithJacobian.apply(logits, value, jacobian)  # type: ignore[no-untyped-call, unused-ignore]
    return result


class _WithJacobian(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, value: Tensor, jacobian: Tensor) -> Tensor:
        ctx.save_for_backward(jacobian)
        return value.to(logits.dtype, copy=True)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (jacobian,) = ctx.saved_tensors
        (gradient,) = gradients
        # a product and a sum, because autocast would do a matrix product in half precision
        product = (jacobian * gradient.to(jacobian.dtype).unsqueeze(-1)).sum(dim=-2)
        return product.to(gradient.dtype), None, None
