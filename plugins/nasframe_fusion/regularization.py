"""Normalisation and dropout, from one feature map to one of the same shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasframe import Operation, Shape
from nasframe_fusion.shapes import feature_map

__all__ = ["BatchNorm", "Dropout", "LayerNorm"]


class LayerNorm(Operation):
    """Zero mean and unit variance over the channels of each position, then a learned scale and shift."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        _, channels = feature_map(shapes)
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.norm(x)
        return output


class BatchNorm(Operation):
    """Zero mean and unit variance of each channel over batch and positions; in evaluation, of running values.

    Its output depends on the whole batch, and it has buffers, so `layer_norm` is better in a search.
    """

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        _, channels = feature_map(shapes)
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x: Tensor) -> Tensor:
        # one row for each position, as if it were another example: nothing is transposed
        output: Tensor = self.norm(x.flatten(end_dim=-2))
        return output.view_as(x)


class Dropout(Operation):
    """Sets entries to zero with probability `rate` in training, by torch's global generator."""

    adds_noise: ClassVar[bool] = True

    def __init__(self, shapes: Sequence[Shape], *, rate: float = 0.2) -> None:
        super().__init__(shapes)
        if len(shapes) != 1:
            raise ValueError(f"expected one input, found {len(shapes)}")
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be at least 0 and below 1, found {rate!r}")
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        return _dropout(x, self.rate) if x.device.type == "cpu" else F.dropout(x, self.rate)


def _dropout(x: Tensor, rate: float) -> Tensor:
    """Dropout by 16 random bits for each entry, four entries a draw: twice as fast as torch's on a CPU.

    The rate is rounded to a multiple of 2⁻¹⁶ below 1. The scale is that of the rounded rate, so the mean is
    kept.
    """
    dropped = min(round(rate * 2**16), 2**16 - 1)
    draws = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    bits = draws.view(torch.int16)[: x.numel()].view(x.shape)  # uniform from −2¹⁵ to 2¹⁵ − 1
    # a comparison that gives truth values takes five times as long as one in place
    kept = bits.ge_(dropped - 2**15).to(x.dtype)
    return x * kept.mul_(2**16 / (2**16 - dropped))
