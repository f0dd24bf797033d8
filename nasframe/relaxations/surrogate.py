"""A forward value with a Jacobian of its own: what straight-through estimators have in common."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["laplacian", "one_hot", "softmax_jacobian", "with_jacobian"]


def one_hot(winner: Tensor, like: Tensor) -> Tensor:
    """Exact zeros and ones in the shape, dtype and device of `like`, from the indices `(choices, 1)`."""
    return torch.zeros_like(like).scatter_(-1, winner, 1.0)


def softmax_jacobian(weights: Tensor, temperature: float = 1.0) -> Tensor:
    """(diag(s) - s sᵀ)/τ, `(choices, candidates, candidates)`, of s = softmax(θ/τ) with respect to θ."""
    # by broadcasting, because autocast would do a matrix product in half precision
    return laplacian(weights.unsqueeze(-1) * weights.unsqueeze(-2)).div_(temperature)


def laplacian(products: Tensor) -> Tensor:
    """diag(row sums) - products, the diagonal of `products` left out, in place."""
    diagonal = products.diagonal(dim1=-2, dim2=-1)
    diagonal.zero_()
    sums = products.sum(dim=-1)
    products.neg_()
    diagonal.copy_(sums)
    return products


def with_jacobian(logits: Tensor, value: Tensor, jacobian: Tensor) -> Tensor:
    """`value` in the forward pass, `jacobian` in the backward pass.

    Nothing else is kept for the backward pass, whatever the Jacobian was averaged over. It is taken as a
    constant: second derivatives are zero.

    Args:
        logits: `(choices, candidates)`, what the gradient goes to; the result has its dtype.
        value: `(choices, candidates)`.
        jacobian: `(choices, candidates, candidates)`, d value_i / d logits_j in row i, column j.
    """
    result: Tensor = _WithJacobian.apply(logits, value, jacobian)  # type: ignore[no-untyped-call]
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
