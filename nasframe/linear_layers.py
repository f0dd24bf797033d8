"""Linear layers on inputs of their own, computed beside each other.

In the paper's space, four fifths of the arithmetic of a weight update are the projections of eight inputs:
products of matrices that know nothing of each other, forward and backward. torch computes the parts of a
graph one after the other; here they are one node of the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasframe.runtime import beside, threads_beside
from nasframe.seen_calls import calls_are_seen, has_hooks, hooks_of_all

__all__ = ["linear_values", "may_be_beside"]

_LEAST_WORK = 2**24
"""Multiply-adds below which a product is made faster than it is handed over."""

Result = TypeVar("Result")


def may_be_beside(layers: Mapping[str, nn.Linear], inputs: Mapping[str, Tensor]) -> bool:
    """Return whether `linear_values` gives what the layers give, and is faster.

    So there are at least two layers with work for a helper thread, contiguous plain tensors on the CPU, and
    nothing that has to see each call: no hooks, no `torch.autocast`, no tracing, no mode or transform.
    """
    if len(layers) < 2 or threads_beside() == 1:
        return False
    if calls_are_seen() or torch.is_inference_mode_enabled() or hooks_of_all():
        return False
    work = 0
    for name, layer in layers.items():
        value = inputs.get(name)
        if type(value) is not Tensor or value.device.type != "cpu" or value.dtype != layer.weight.dtype:
            return False
        if not value.is_contiguous() or "forward" in vars(layer):
            return False
        if value.shape[-1:] != (layer.in_features,) or type(layer) is not nn.Linear or has_hooks(layer):
            return False
        work += value.numel() * layer.out_features
    return work >= _LEAST_WORK


def linear_values(
    layers: Mapping[str, nn.Linear], inputs: Mapping[str, Tensor], dtype: torch.dtype | None = None
) -> dict[str, Tensor]:
    """Return the value of each layer on the input of its name, `(…, out_features)`.

    Values and gradients have the same bits on any number of threads, and those of the layers alone.

    Args:
        layers: for which `may_be_beside` is true.
        inputs: each `(…, in_features)`.
        dtype: in which the products are computed; values and gradients have that of the parameters. None is
            that of the parameters.
    """
    tensors = [inputs[name] for name in layers]
    tensors += [layer.weight for layer in layers.values()]
    biases = [layer.bias for layer in layers.values()]
    values = _LinearLayers.apply(dtype, *tensors, *biases)  # type: ignore[no-untyped-call, unused-ignore]
    return dict(zip(layers, values, strict=True))


class _LinearLayers(torch.autograd.Function):
    """yᵢ = xᵢ Wᵢᵀ + bᵢ for inputs x₁ … xₙ; their arguments are all x, then all W, then all b."""

    @staticmethod
    def forward(ctx: Any, dtype: torch.dtype | None, *tensors: Tensor | None) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)
        ctx.dtype, count = dtype, len(tensors) // 3
        ctx.save_for_backward(*tensors[: 2 * count])

        def value(place: int) -> Tensor:
            x, weight, bias = tensors[place::count]
            assert x is not None
            assert weight is not None
            rows = x.reshape(-1, x.shape[-1])
            if dtype is None:
                found = F.linear(rows, weight, bias)
            else:
                reduced = F.linear(rows.to(dtype), weight.to(dtype), None if bias is None else bias.to(dtype))
                found = reduced.to(x.dtype)
            # no view: an output of several that is one may not be changed in place
            shaped: Tensor = torch.ops.aten._unsafe_view(found, [*x.shape[:-1], len(weight)])
            return shaped

        return tuple(_by_size(value, tensors[:count]))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        saved, count, dtype = ctx.saved_tensors, len(gradients), ctx.dtype
        _, *asked = ctx.needs_input_grad

        def gradients_at(place: int) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
            gradient = gradients[place]
            if gradient is None:
                return None, None, None
            x, weight = saved[place::count]
            for_x, for_weight, for_bias = asked[place::count]
            reduced = gradient if dtype is None else gradient.to(dtype)
            rows = reduced.reshape(-1, reduced.shape[-1])
            kept = x if dtype is None else x.to(dtype)
            found = (
                reduced @ weight.to(reduced.dtype) if for_x else None,
                rows.t() @ kept.reshape(-1, kept.shape[-1]) if for_weight else None,
                rows.sum(0) if for_bias else None,
            )
            return found if dtype is None else _all_to(found, gradient.dtype)

        # a gradient that is to be differentiated takes a graph
        if torch.is_grad_enabled() or calls_are_seen():
            found = [gradients_at(place) for place in range(count)]
        else:
            found = _by_size(gradients_at, saved[:count])
        return (None, *(item for kind in zip(*found, strict=True) for item in kind))


def _by_size(function: Callable[[int], Result], inputs: Sequence[Tensor | None]) -> list[Result]:
    """Return what a function gives for the place of each input; that of the largest is begun first."""
    sizes = [0 if value is None else value.numel() for value in inputs]
    order = sorted(range(len(inputs)), key=lambda place: -sizes[place])
    found = beside([lambda place=place: function(place) for place in order])  # type: ignore[misc]
    placed = dict(zip(order, found, strict=True))
    return [placed[place] for place in range(len(inputs))]


def _all_to(
    tensors: tuple[Tensor | None, Tensor | None, Tensor | None], dtype: torch.dtype
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    first, second, third = (None if tensor is None else tensor.to(dtype) for tensor in tensors)
    return first, second, third
