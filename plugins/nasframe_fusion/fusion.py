"""The operations of a fusion node, from two feature maps of one shape to one of the same shape.

The formulas are those of table 1 of the GRMC-BMNAS paper. Normalisation and dropout are separate operations.
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

    @classmethod
    def interchangeable(cls, ports: Sequence[str]) -> Sequence[Sequence[str]]:
        return [ports]

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


class Attention(Operation):
    """softmax(x yᵀ / √channels) y: every position of x attends to the positions of y; no parameters.

    Example:
        >>> x, y = torch.randn(2, 8, 16), torch.randn(2, 8, 16)  # (batch, length, channels)
        >>> attention = Attention([(8, 16), (8, 16)])
        >>> attention(x, y).shape
        torch.Size([2, 8, 16])
        >>> torch.allclose(attention(x, y[:, :1].expand(2, 8, 16)), y[:, :1].expand(2, 8, 16), atol=1e-6)
        True
    """

    arity: ClassVar[int | None] = 2

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        _, channels = same_shape(shapes, inputs=2)
        self._scale = 1 / math.sqrt(channels)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        # two plain products: with few positions they are faster than the fused kernel
        return torch.bmm(torch.softmax(torch.bmm(x, y.transpose(-2, -1)) * self._scale, dim=-1), y)


class LinearGLU(Operation):
    """x W₁ ⊙ sigmoid(y W₂), without bias: y is the gate of x."""

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
    """ReLU([x, y] W + b): a fully connected layer on the channels of both inputs."""

    arity: ClassVar[int | None] = 2

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        _, channels = same_shape(shapes, inputs=2)
        self.linear = nn.Linear(2 * channels, channels)

    @classmethod
    def interchangeable(cls, ports: Sequence[str]) -> Sequence[Sequence[str]]:
        return [ports]

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if x is y:  # [x, x] W = x (W₁ + W₂): half of the product, and nothing is concatenated
            first, second = self.linear.weight.chunk(2, dim=1)
            return F.relu(F.linear(x, first + second, self.linear.bias))
        return F.relu(self.linear(torch.cat((x, y), dim=-1)))
