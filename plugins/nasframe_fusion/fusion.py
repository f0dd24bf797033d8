"""The candidates of a fusion node: two feature maps of one shape in, one of that shape out.

The formulas are table 1 of the GRMC-BMNAS paper. Normalisation and dropout are operations of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nasframe import Operation, Shape
from nasframe_fusion.shapes import same_shape

__all__ = ["Attention", "ConcatFC", "LinearGLU", "Sum"]


class Sum(Operation):
    """x + y."""

    arity: ClassVar[int | None] = 2

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        same_shape(shapes, inputs=2)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class Attention(Operation):
    """softmax(x yᵀ / √channels) y: every position of x looks at the positions of y; no parameters."""

    arity: ClassVar[int | None] = 2

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        _, channels = same_shape(shapes, inputs=2)
        self._scale = 1 / math.sqrt(channels)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        # two plain products: for a few positions they beat the fused kernel
        return torch.bmm(torch.softmax(torch.bmm(x, y.mT) * self._scale, dim=-1), y)


class LinearGLU(Operation):
    """x W₁ ⊙ sigmoid(y W₂), without bias: y decides how much of x passes."""

    arity: ClassVar[int | None] = 2

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        _, channels = same_shape(shapes, inputs=2)
        self.value = nn.Linear(channels, channels, bias=False)
        self.gate = nn.Linear(channels, channels, bias=False)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        output: Tensor = self.value(x) * torch.sigmoid(self.gate(y))
        return output


class ConcatFC(Operation):
    """ReLU([x, y] W + b): a fully connected layer over the channels of both."""

    arity: ClassVar[int | None] = 2

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        _, channels = same_shape(shapes, inputs=2)
        self.linear = nn.Linear(2 * channels, channels)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return F.relu(self.linear(torch.cat((x, y), dim=-1)))
