"""Pooling over three positions in each spatial dimension.

The output has the size of the input, divided by the stride and rounded up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from torch import Tensor, nn

from nasframe import Operation, Shape
from nasframe_cells.dimensions import at_least_one, average_pool, batch_norm, channels_of, max_pool

__all__ = ["AvgPool3", "MaxPool3"]


class _Pool3(Operation):
    pool: ClassVar[Callable[..., nn.Module]]

    def __init__(self, shapes: Sequence[Shape], *, stride: int = 1, norm: bool = False) -> None:
        """
        Args:
            shapes: of the input, an image or a sequence.
            stride: between the windows.
            norm: whether a batch normalisation without scale and shift follows, as in the search of DARTS.

        Raises:
            ValueError: another shape, or a stride below 1.
        """
        super().__init__(shapes)
        channels, dimensions = channels_of(shapes)
        pool = type(self).pool(dimensions, 3, stride=at_least_one("stride", stride), padding=1)
        following = [batch_norm(dimensions, channels, affine=False)] if norm else []
        self.layers = nn.Sequential(pool, *following)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.layers(x)
        return output


class AvgPool3(_Pool3):
    """The mean of three positions in each dimension; what lies outside does not count."""

    pool = staticmethod(average_pool)


class MaxPool3(_Pool3):
    """The largest of three positions in each dimension."""

    pool = staticmethod(max_pool)
