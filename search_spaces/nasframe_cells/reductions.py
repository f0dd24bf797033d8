"""Values at half the size: the factorised reduction of DARTS, the residual block of NAS-Bench-201."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe import Operation, Shape
from nasframe_cells.convolutions import NorConv3
from nasframe_cells.dimensions import at_least_one, average_pool, batch_norm, channels_of, conv

__all__ = ["ResidualReduction", "SkipConnect"]


class SkipConnect(Operation):
    """The input as it is, or, at stride 2, a factorised reduction to half the size (DARTS).

    The reduction is ReLU, two convolutions of kernel 1 and stride 2, one of which is shifted by a position,
    concatenated along the channels, and batch normalisation. So every position of the input is seen. At
    stride 1 a space says `identity` instead: nasframe knows that it changes nothing.
    """

    def __init__(
        self, shapes: Sequence[Shape], *, stride: int = 1, channels: int | None = None, affine: bool = True
    ) -> None:
        """
        Args:
            shapes: of the input, an image or a sequence.
            stride: 1 or 2.
            channels: of the output; None: as many as arrive. At stride 1 there can be no others.
            affine: whether the normalisation has a scale and a shift that are trained.

        Raises:
            ValueError: another shape or stride; another number of channels at stride 1; fewer than 2 of a
                reduction.
        """
        super().__init__(shapes)
        found, dimensions = channels_of(shapes)
        outputs = found if channels is None else channels
        if stride not in (1, 2):
            raise ValueError(f"stride must be 1 or 2, found {stride!r}")
        self.reduces = stride == 2
        if not self.reduces:
            if outputs != found:
                raise ValueError(f"at stride 1 it passes {found} channels on, and {outputs} are asked for")
            return
        if outputs < 2:
            raise ValueError(f"a factorised reduction needs at least 2 channels, found {outputs!r}")
        self.even = conv(dimensions, found, outputs // 2, 1, stride=2)
        self.odd = conv(dimensions, found, outputs - outputs // 2, 1, stride=2)
        self.norm = batch_norm(dimensions, outputs, affine)

    def forward(self, x: Tensor) -> Tensor:
        if not self.reduces:
            return x
        x = F.relu(x)
        # one position of zeros behind, so that both halves have one size where that of the input is odd
        dimensions = x.ndim - 2
        shifted = F.pad(x, (0, 1) * dimensions)[(slice(None), slice(None), *[slice(1, None)] * dimensions)]
        output: Tensor = self.norm(torch.cat([self.even(x), self.odd(shifted)], dim=1))
        return output


class ResidualReduction(Operation):
    """The residual block between two stages of NAS-Bench-201: half the size, `channels` channels.

    Two times ReLU, convolution of kernel 3 and batch normalisation, the first with stride 2; to these is
    added the mean of each two positions, through a convolution of kernel 1.
    """

    def __init__(self, shapes: Sequence[Shape], *, channels: int | None = None, affine: bool = True) -> None:
        """
        Args:
            shapes: of the input, an image or a sequence.
            channels: of the output; None: twice as many as arrive.
            affine: whether the normalisations have a scale and a shift that are trained.

        Raises:
            ValueError: another shape, or channels below 1.
        """
        super().__init__(shapes)
        found, dimensions = channels_of(shapes)
        outputs = at_least_one("channels", 2 * found if channels is None else channels)
        self.first = NorConv3(shapes, channels=outputs, stride=2, affine=affine)
        self.second = NorConv3([(outputs, *shapes[0][1:])], affine=affine)
        self.shortcut = nn.Sequential(
            average_pool(dimensions, 2, stride=2, ceil_mode=True), conv(dimensions, found, outputs, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.shortcut(x) + self.second(self.first(x))
        return output
