"""The layers of torch for images and for sequences, and the check of the shapes that they take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from nasframe import Shape

__all__ = ["SHAPES", "at_least_one", "average_pool", "batch_norm", "channels_of", "conv", "max_pool"]

SHAPES = "(channels, height, width) of an image or (channels, length) of a sequence"
"""The shapes of an example, in words."""

_CONV: dict[int, type[nn.Conv1d | nn.Conv2d]] = {1: nn.Conv1d, 2: nn.Conv2d}
_NORM: dict[int, type[nn.BatchNorm1d | nn.BatchNorm2d]] = {1: nn.BatchNorm1d, 2: nn.BatchNorm2d}
_MAX: dict[int, type[nn.MaxPool1d | nn.MaxPool2d]] = {1: nn.MaxPool1d, 2: nn.MaxPool2d}
_AVERAGE: dict[int, type[nn.AvgPool1d | nn.AvgPool2d]] = {1: nn.AvgPool1d, 2: nn.AvgPool2d}


def channels_of(shapes: Sequence[Shape]) -> tuple[int, int]:
    """Return the channels of the only input, and its number of spatial dimensions, 1 or 2.

    Raises:
        ValueError: there is not exactly one input, or it is no image and no sequence.
    """
    if len(shapes) != 1 or len(shapes[0]) not in (2, 3):
        found = ", ".join(str(tuple(shape)) for shape in shapes) or "no input"
        raise ValueError(f"expected one input of shape {SHAPES}, found {found}")
    return shapes[0][0], len(shapes[0]) - 1


def at_least_one(name: str, value: int) -> int:
    """Return the value of an option.

    Raises:
        ValueError: it is below 1.
    """
    if value < 1:
        raise ValueError(f"{name} must be at least 1, found {value!r}")
    return value


def conv(dimensions: int, channels: int, outputs: int, kernel: int, **options: Any) -> nn.Module:
    """Return a convolution without bias: a batch normalisation follows, which would remove it."""
    return _CONV[dimensions](channels, outputs, kernel, bias=False, **options)


def batch_norm(dimensions: int, channels: int, affine: bool) -> nn.Module:
    """Return a batch normalisation; `affine` says whether it has a scale and a shift that are trained."""
    return _NORM[dimensions](channels, affine=affine)


def max_pool(dimensions: int, kernel: int, **options: Any) -> nn.Module:
    """Return a maximum over windows."""
    return _MAX[dimensions](kernel, **options)


def average_pool(dimensions: int, kernel: int, **options: Any) -> nn.Module:
    """Return a mean over windows; what is padded does not count."""
    return _AVERAGE[dimensions](kernel, count_include_pad=False, **options)
