"""Feature-wise linear modulation (FiLM): one stream scales and shifts the channels of the other."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from nasframe import Operation, Shape

__all__ = ["Film"]


class Film(Operation):
    """y ⊙ (1 + x W₁) + x W₂: x scales and shifts the channels of y (FiLM; Perez et al. 2018).

    Args:
        shapes: of x and y, `(length, channels)`, equal.
        bias: whether scale and shift have a bias.
    """

    arity = 2

    def __init__(self, shapes: Sequence[Shape], *, bias: bool = True) -> None:
        super().__init__(shapes)
        channels = shapes[0][-1]
        if tuple(shapes[0]) != tuple(shapes[1]):
            raise ValueError(f"film needs two inputs of one shape, found {shapes[0]} and {shapes[1]}")
        self.modulation = nn.Linear(channels, 2 * channels, bias=bias)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        scale, shift = self.modulation(x).chunk(2, dim=-1)
        result: Tensor = y * (1 + scale) + shift
        return result
