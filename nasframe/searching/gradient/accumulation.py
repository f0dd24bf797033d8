"""The gradient of a batch that passes in parts, one after the other: gradient accumulation.

With the batch cut into parts of shares s_1 + … + s_N = 1 of its examples, and a loss that is a mean over
examples,

    L = Σ_r s_r L_r,    dL/dθ = Σ_r s_r dL_r/dθ

so only what one part needs is in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from nasframe.relaxations import Sample
from nasframe.searching.gradient.given_gradients import with_gradients
from nasframe.tasks import Batch

__all__ = ["accumulated", "parts_of"]

Samples = Sequence[Mapping[str, Sample]]


def parts_of(batch: Batch, count: int) -> list[Batch]:
    """Return the parts of a batch, in order, of equal sizes; the first ones may have one example more."""
    rows = torch.tensor_split(torch.arange(len(batch.targets)), count)
    places = [slice(int(part[0]), int(part[-1]) + 1) for part in rows]
    return [
        Batch({name: value[place] for name, value in batch.inputs.items()}, batch.targets[place])
        for place in places
    ]


def accumulated(
    loss: Callable[[Batch, Samples], Tensor],
    parts: Sequence[Batch],
    samples: Samples,
    weights: Sequence[Tensor],
) -> Tensor:
    """Return the loss `()` of a batch, whose backward pass gives samples and weights their gradients.

    Each part is passed backward before the next one is passed forward.

    Args:
        loss: of a part under samples, `()`.
        parts: of the batch, by `parts_of`.
        samples: of the packed parameters. They are drawn once, for all parts.
        weights: those that learn have gradients.
    """
    leaves = [
        {key: Sample(_leaf(item.weights), item.one_hot) for key, item in one.items()} for one in samples
    ]
    drawn = [item.weights for one in samples for item in one.values()]
    stand_ins = [item.weights for one in leaves for item in one.values()]
    pairs = [(item, stand_in) for item, stand_in in zip(drawn, stand_ins, strict=True) if item.requires_grad]
    pairs += [(item, item) for item in weights if item.requires_grad]
    total = parts[0].targets.new_zeros((), dtype=torch.float32)
    gradients: list[Tensor | None] = [None] * len(pairs)
    examples = sum(len(part.targets) for part in parts)
    for part in parts:
        value = loss(part, leaves) * (len(part.targets) / examples)
        total = total + value.detach()
        if value.requires_grad:
            found = torch.autograd.grad(value, [stand_in for _, stand_in in pairs], allow_unused=True)
            gradients = [_sum(*both) for both in zip(gradients, found, strict=True)]
    return with_gradients(total, [item for item, _ in pairs], gradients)


def _leaf(weights: Tensor) -> Tensor:
    return weights.detach().requires_grad_(weights.requires_grad)


def _sum(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    return other if one is None else one if other is None else one + other
