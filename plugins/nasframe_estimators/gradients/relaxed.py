"""The gradient of a relaxation: many draws in one call, and one draw as in a search."""

from __future__ import annotations

import torch
from torch import Tensor

from nasframe.relaxations import Relaxation, check_relaxation
from nasframe_estimators.functions import Function

__all__ = ["relaxed_gradient", "relaxed_gradients", "samples_one_hot"]

_ELEMENTS = 1_000_000
"""About how many numbers are drawn at once, so that they fit in the processor's cache."""


def relaxed_gradients(
    relaxation: Relaxation, function: Function, draws: int, random: torch.Generator, noise: int = 1
) -> Tensor:
    """Return draws of dw/dθ · df/dw, `(draws, size)`, float64.

    Rows of packed logits are independent by the relaxation's contract, so the draws are rows of one call.

    Args:
        relaxation: to differentiate.
        function: f, and θ. The relaxation sees θ in float32, as in a search.
        draws: their number.
        random: generator of the noise.
        noise: about how many numbers the relaxation draws for a weight; decides the draws of one call.
    """
    at_once = max(1, _ELEMENTS // (function.size * noise))
    parts = [min(at_once, draws - first) for first in range(0, draws, at_once)]
    return torch.cat([_gradients(relaxation, function, number, random) for number in parts])


def _gradients(relaxation: Relaxation, function: Function, draws: int, random: torch.Generator) -> Tensor:
    leaves = [pack.logits.float().repeat(draws, 1).requires_grad_() for pack in function.packs]
    samples = [relaxation.sample(leaf, 0.0, random) for leaf in leaves]
    one_hot = all(sample.one_hot for sample in samples)
    drawn = [
        sample.weights.detach().view(draws, *pack.logits.shape)
        for sample, pack in zip(samples, function.packs, strict=True)
    ]
    slopes = [part.to(leaf) for part, leaf in zip(function.slopes(drawn, one_hot), leaves, strict=True)]
    gradients = torch.autograd.grad(
        [sample.weights for sample in samples],
        leaves,
        [slope.view_as(leaf) for slope, leaf in zip(slopes, leaves, strict=True)],
    )
    return torch.cat([gradient.double().view(draws, -1) for gradient in gradients], dim=-1)


def samples_one_hot(relaxation: Relaxation, function: Function, random: torch.Generator) -> bool:
    """Check the relaxation on the function's logits; return True where its weights are one-hot.

    Raises:
        ContractError: it breaks a promise of `Relaxation`, so that its measurements would have no meaning.
    """
    leaves = [pack.logits.float() for pack in function.packs]
    check_relaxation(relaxation, leaves)
    return all(relaxation.sample(leaf, 0.0, random).one_hot for leaf in leaves)


def relaxed_gradient(relaxation: Relaxation, function: Function, random: torch.Generator) -> list[Tensor]:
    """Return one gradient, a tensor a pack, computed as in a search: sample, evaluate f, back-propagate."""
    leaves = [pack.logits.float().requires_grad_() for pack in function.packs]
    samples = [relaxation.sample(leaf, 0.0, random) for leaf in leaves]
    value = function.once([sample.weights for sample in samples], all(sample.one_hot for sample in samples))
    return list(torch.autograd.grad(value, leaves, materialize_grads=True))
