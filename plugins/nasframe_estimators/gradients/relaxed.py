"""The gradient of a relaxation: many draws in one call, and one draw as in a search."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nasframe.relaxations import Relaxation, Sample, check_relaxation
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
    if one_hot:
        samples = _without_those_drawn_again(relaxation, function, leaves, samples, random)
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
    found = [
        gradient.double().view(draws, *pack.logits.shape)
        for gradient, pack in zip(gradients, function.packs, strict=True)
    ]
    if function.clipping is not None:
        found = function.clipping.clipped(found)
    return torch.cat([part.flatten(1) for part in found], dim=-1)


def _without_those_drawn_again(
    relaxation: Relaxation,
    function: Function,
    leaves: Sequence[Tensor],
    samples: Sequence[Sample],
    random: torch.Generator,
) -> list[Sample]:
    """Return the one-hot samples of many draws; the rows of choices that a function draws again are new."""
    weights = [sample.weights for sample in samples]
    rows = [len(pack.logits) for pack in function.packs]
    while True:
        outcomes = torch.cat(
            [part.detach().argmax(-1).view(-1, number) for part, number in zip(weights, rows, strict=True)],
            dim=-1,
        )
        again = function.drawn_again(outcomes)
        if not again.any():
            return [Sample(part, one_hot=True) for part in weights]
        for place, mask in enumerate(torch.split(again, rows, dim=-1)):
            which = mask.flatten().nonzero()[:, 0]
            if len(which):
                new = relaxation.sample(leaves[place][which], 0.0, random).weights
                weights[place] = weights[place].index_copy(0, which, new)


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
    one_hot = all(sample.one_hot for sample in samples)
    if one_hot:
        samples = _without_those_drawn_again(relaxation, function, leaves, samples, random)
    value = function.once([sample.weights for sample in samples], one_hot)
    return list(torch.autograd.grad(value, leaves, materialize_grads=True))
