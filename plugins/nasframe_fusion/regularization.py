"""Normalisation and dropout: one feature map in, one of the same shape out."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from nasframe import Operation, Shape
from nasframe_fusion.shapes import feature_map

__all__ = ["BatchNorm", "Dropout", "LayerNorm"]


class LayerNorm(Operation):
    """Zero mean and unit variance over the channels of each position, then a learnt scale and shift."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        _, channels = feature_map(shapes)
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.norm(x)
        return output


class BatchNorm(Operation):
    """Zero mean and unit variance of each channel over batch and positions; running values when evaluated.

    Its output depends on the whole batch and it has buffers; prefer `layer_norm` inside a search.
    """

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        _, channels = feature_map(shapes)
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x: Tensor) -> Tensor:
        # positions are as good as further examples: one row for each, no transposing
        output: Tensor = self.norm(x.flatten(end_dim=-2))
        return output.view_as(x)


class Dropout(Operation):
    """Zeroes entries with probability `rate` while training, from torch's global generator."""

    def __init__(self, shapes: Sequence[Shape], *, rate: float = 0.2) -> None:
        super().__init__(shapes)
        if len(shapes) != 1:
            raise ValueError(f"expected one input, found {len(shapes)}")
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be at least 0 and below 1, found {rate!r}")
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.rate, self.training)
