"""The mean of gradients over processes: one flat all-reduce of those that are present in a step."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch import distributed as dist

__all__ = ["average_gradients", "ranks_with_others"]


def ranks_with_others(parameters: Sequence[Tensor]) -> list[int]:
    """Return the processes that have gradients of other parameters than the first one has.

    A wrapper such as DDP waits for the gradients of all parameters; those of candidates that a sample leaves
    out are never there. So each step says by a vector of flags which are.

    Args:
        parameters: the same ones, in the same order, in every process.
    """
    flags = torch.tensor([item.grad is not None for item in parameters], dtype=torch.uint8)
    found = [torch.empty_like(flags) for _ in range(dist.get_world_size())]
    dist.all_gather(found, flags)
    return [rank for rank, other in enumerate(found) if not torch.equal(other, found[0])]


def average_gradients(parameters: Sequence[Tensor]) -> None:
    """Replace each gradient by its mean over the processes, which have gradients of the same parameters.

    All gradients of a dtype and device travel in one tensor.
    """
    gradients = [item.grad for item in parameters if item.grad is not None]
    for kind in dict.fromkeys((item.dtype, item.device) for item in gradients):
        own = [item for item in gradients if (item.dtype, item.device) == kind]
        flat = torch.cat([item.reshape(-1) for item in own])
        dist.all_reduce(flat)
        flat /= dist.get_world_size()
        for item, mean in zip(own, torch.split(flat, [item.numel() for item in own]), strict=True):
            item.copy_(mean.view(item.shape))
