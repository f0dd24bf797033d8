"""The fixed parts around the cells: the stem, the concatenation at the end of a cell, the head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from nasframe import Operation, Shape
from nasframe_cells.dimensions import SHAPES, at_least_one, batch_norm, channels_of, conv

__all__ = ["ConcatChannels", "PooledHead", "Stem"]


class Stem(Operation):
    """Convolution of kernel 3 from the channels of the data to `channels`, and batch normalisation."""

    def __init__(self, shapes: Sequence[Shape], *, channels: int = 16, affine: bool = True) -> None:
        super().__init__(shapes)
        found, dimensions = channels_of(shapes)
        self.layers = nn.Sequential(
            conv(dimensions, found, at_least_one("channels", channels), 3, padding=1),
            batch_norm(dimensions, channels, affine),
        )

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.layers(x)
        return output


class ConcatChannels(Operation):
    """All inputs concatenated along the channels; they have the same size."""

    arity: ClassVar[int | None] = None

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        sizes = {tuple(shape[1:]) for shape in shapes}
        if len(sizes) != 1 or len(shapes[0]) not in (2, 3):
            found = ", ".join(str(tuple(shape)) for shape in shapes) or "no input"
            raise ValueError(f"expected inputs of shape {SHAPES}, of one size, found {found}")

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, dim=1)


class PooledHead(Operation):
    """The mean of all positions, then a linear layer: `outputs` numbers for each example.

    With `norm`, batch normalisation and ReLU come before the mean, as in NAS-Bench-201.
    """

    def __init__(
        self, shapes: Sequence[Shape], *, outputs: int = 1, norm: bool = False, affine: bool = True
    ) -> None:
        super().__init__(shapes)
        channels, dimensions = channels_of(shapes)
        before = [batch_norm(dimensions, channels, affine), nn.ReLU()] if norm else []
        self.before = nn.Sequential(*before)
        self.linear = nn.Linear(channels, at_least_one("outputs", outputs))

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.linear(self.before(x).flatten(start_dim=2).mean(-1))
        return output
