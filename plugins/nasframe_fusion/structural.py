"""The fixed operations around the cells: projection to a common width, concatenation, the head."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn

from nasframe import Operation, Shape
from nasframe_fusion.shapes import feature_map

__all__ = ["Concat", "Head", "Projection"]


def _at_least_one(name: str, value: int) -> int:
    if value < 1:
        raise ValueError(f"{name} must be at least 1, found {value!r}")
    return value


class Projection(Operation):
    """x W + b, from any number of channels to `channels`, the same at every position.

    A row of numbers, `(channels,)`, is one position.
    """

    def __init__(self, shapes: Sequence[Shape], *, channels: int = 128) -> None:
        super().__init__(shapes)
        row = len(shapes) == 1 and len(shapes[0]) == 1
        self._row = row
        _, found = feature_map([(1, *shapes[0])] if row else shapes)
        self.linear = nn.Linear(found, _at_least_one("channels", channels))

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.linear(x[:, None] if self._row else x)
        return output

    def as_linear(self) -> nn.Linear | None:
        return None if self._row else self.linear


class Concat(Operation):
    """All inputs concatenated along the channels; they have the same length."""

    arity: ClassVar[int | None] = None

    def __init__(self, shapes: Sequence[Shape]) -> None:
        super().__init__(shapes)
        if not shapes or any(len(shape) != 2 for shape in shapes) or len({s[0] for s in shapes}) != 1:
            found = ", ".join(str(tuple(shape)) for shape in shapes) or "no input"
            raise ValueError(f"expected inputs (length, channels) of one length, found {found}")

    @classmethod
    def interchangeable(cls, ports: Sequence[str]) -> Sequence[Sequence[str]]:
        return [ports]  # the linear layer that follows learns either order

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, dim=-1)


class Head(Operation):
    """Flattens the input, then a linear layer: `outputs` numbers for each example."""

    def __init__(self, shapes: Sequence[Shape], *, outputs: int = 1) -> None:
        super().__init__(shapes)
        if len(shapes) != 1:
            raise ValueError(f"expected one input, found {len(shapes)}")
        self.linear = nn.Linear(math.prod(shapes[0]), _at_least_one("outputs", outputs))

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.linear(x.flatten(start_dim=1))
        return output
