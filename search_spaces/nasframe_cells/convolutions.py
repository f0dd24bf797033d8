"""Convolutions of a cell: ReLU, convolution, batch normalisation.

Their outputs have the size of their input, divided by the stride and rounded up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from torch import Tensor, nn

from nasframe import Operation, Shape
from nasframe_cells.dimensions import at_least_one, batch_norm, channels_of, conv

__all__ = ["DilConv3", "DilConv5", "NorConv1", "NorConv3", "SepConv3", "SepConv5"]


class _Convolution(Operation):
    kernel: ClassVar[int]
    layers: nn.Sequential

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.layers(x)
        return output


class _NorConv(_Convolution):
    def __init__(
        self, shapes: Sequence[Shape], *, channels: int | None = None, stride: int = 1, affine: bool = True
    ) -> None:
        """
        Args:
            shapes: of the input, an image or a sequence.
            channels: of the output; None: as many as arrive.
            stride: between the places of the kernel.
            affine: whether the normalisation has a scale and a shift that are trained.

        Raises:
            ValueError: another shape, or an option below 1.
        """
        super().__init__(shapes)
        found, dimensions = channels_of(shapes)
        outputs = at_least_one("channels", found if channels is None else channels)
        self.layers = nn.Sequential(
            nn.ReLU(),
            conv(
                dimensions,
                found,
                outputs,
                self.kernel,
                stride=at_least_one("stride", stride),
                padding=self.kernel // 2,
            ),
            batch_norm(dimensions, outputs, affine),
        )


class NorConv1(_NorConv):
    """ReLU, convolution of kernel 1, batch normalisation (NAS-Bench-201)."""

    kernel = 1


class NorConv3(_NorConv):
    """ReLU, convolution of kernel 3, batch normalisation (NAS-Bench-201)."""

    kernel = 3


class _DepthwiseConvolution(_Convolution):
    """A depthwise convolution and one of kernel 1, `repeats` times; the stride is that of the first."""

    dilation: ClassVar[int] = 1
    repeats: ClassVar[int] = 1

    def __init__(self, shapes: Sequence[Shape], *, stride: int = 1, affine: bool = True) -> None:
        """
        Args:
            shapes: of the input, an image or a sequence.
            stride: between the places of the kernel.
            affine: whether the normalisation has a scale and a shift that are trained.

        Raises:
            ValueError: another shape, or a stride below 1.
        """
        super().__init__(shapes)
        channels, dimensions = channels_of(shapes)
        at_least_one("stride", stride)
        steps = (stride, *(1 for _ in range(self.repeats - 1)))
        self.layers = nn.Sequential(
            *(layer for step in steps for layer in self._layers(channels, dimensions, step, affine))
        )

    def _layers(self, channels: int, dimensions: int, stride: int, affine: bool) -> Iterator[nn.Module]:
        yield nn.ReLU()
        yield conv(
            dimensions,
            channels,
            channels,
            self.kernel,
            stride=stride,
            padding=self.dilation * (self.kernel // 2),
            dilation=self.dilation,
            groups=channels,
        )
        yield conv(dimensions, channels, channels, 1)
        yield batch_norm(dimensions, channels, affine)


class SepConv3(_DepthwiseConvolution):
    """Separable convolution of kernel 3, applied twice (DARTS)."""

    kernel, repeats = 3, 2


class SepConv5(_DepthwiseConvolution):
    """Separable convolution of kernel 5, applied twice (DARTS)."""

    kernel, repeats = 5, 2


class DilConv3(_DepthwiseConvolution):
    """Separable convolution of kernel 3 and dilation 2, which sees 5 positions (DARTS)."""

    kernel, dilation = 3, 2


class DilConv5(_DepthwiseConvolution):
    """Separable convolution of kernel 5 and dilation 2, which sees 9 positions (DARTS)."""

    kernel, dilation = 5, 2
