"""A stand-in for the searched network."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import torch
from torch import Tensor, nn

__all__ = ["AllInputs"]


class AllInputs(nn.Module):
    """All inputs into one linear layer, the same one every time.

    Args:
        shapes: name → shape of an input, without the batch.
        outputs: numbers for each clip.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], outputs: int = 1) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.names = tuple(shapes)
        self.linear = nn.Linear(sum(map(prod, shapes.values())), outputs)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        joined = torch.cat([inputs[name].flatten(1) for name in self.names], 1)
        values: Tensor = self.linear(joined.clamp(-10, 10))
        return values
