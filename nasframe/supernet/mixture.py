"""The mixture of weighted values, and its gradient where the weights are one-hot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["mix", "plain_sum"]


def mix(weights: Tensor, values: Sequence[Tensor | None], selected: Sequence[int] | None) -> Tensor | None:
    """Return Σᵢ wᵢ vᵢ, or None where every value is known to be zero.

    Args:
        weights: `(values,)`.
        values: tensors of one shape; None stands for zeros, or for a value that nobody needs.
        selected: where the weights are one-hot, the indices of the ones: the selected values pass, and every
            weight still gets its gradient; None adds everything up.
    """
    present = [value for value in values if value is not None]
    if not present:
        return None
    if selected is not None:
        apply = _OneHotMix.apply
        mixed: Tensor = apply(weights, selected, present[0], *values)  # type: ignore[no-untyped-call, unused-ignore]
        return mixed
    if len(present) < len(values):
        weights = torch.cat([weights[run] for run in _runs(values)])
    result: Tensor = torch.tensordot(weights.to(present[0].dtype), torch.stack(present), dims=1)
    return result


def _runs(values: Sequence[Tensor | None]) -> list[slice]:
    """Return the places of the values that are not None, as slices: a list of places would be a tensor that
    the host has to send to a device first."""
    runs: list[slice] = []
    for index, value in enumerate(values):
        if value is None:
            continue
        if runs and runs[-1].stop == index:
            runs[-1] = slice(runs[-1].start, index + 1)
        else:
            runs.append(slice(index, index + 1))
    return runs


def plain_sum(values: Sequence[Tensor | None]) -> Tensor | None:
    """Return the sum of the values that are not None, or None where all are."""
    total: Tensor | None = None
    for value in values:
        if value is not None:
            total = value if total is None else total + value
    return total


class _OneHotMix(torch.autograd.Function):
    """Σᵢ wᵢ vᵢ for one-hot w: the sum of the selected values; ∂/∂wᵢ = ⟨g, vᵢ⟩ for every value given."""

    @staticmethod
    def forward(
        ctx: Any, weights: Tensor, selected: Sequence[int], like: Tensor, *values: Tensor | None
    ) -> Tensor:
        ctx.set_materialize_grads(False)  # no gradient stays no gradient: it must not become a zero
        ctx.selected, ctx.count, ctx.weights_dtype = selected, len(values), weights.dtype
        ctx.present = [index for index, value in enumerate(values) if value is not None]
        ctx.save_for_backward(*(value for value in values if value is not None))
        chosen = [value for index in selected if (value := values[index]) is not None]
        if not chosen:
            return torch.zeros_like(like)
        return sum(chosen[1:], chosen[0]) if len(chosen) > 1 else chosen[0].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        (gradient,) = gradients
        for_weights: Tensor | None = None
        for_values: list[Tensor | None] = [None] * ctx.count
        if gradient is not None:
            if ctx.needs_input_grad[0]:
                flat = gradient.reshape(-1)
                some_missing = len(ctx.present) < ctx.count
                products = [flat.new_zeros(()) if some_missing else flat] * ctx.count
                for index, value in zip(ctx.present, ctx.saved_tensors, strict=True):
                    other = value.reshape(-1)
                    products[index] = flat.dot(other if other.dtype == flat.dtype else other.to(flat.dtype))
                for_weights = torch.stack(products).to(ctx.weights_dtype)
            for index in ctx.selected:
                if ctx.needs_input_grad[3 + index]:
                    for_values[index] = gradient
        return (for_weights, None, None, *for_values)
