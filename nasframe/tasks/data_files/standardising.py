"""Inputs as float32, standardised by the statistics of the rows that weights learn from."""

from __future__ import annotations

import torch
from attrs import frozen
from torch import Tensor

from nasframe.tasks.tensors import float32_rows

__all__ = ["InputScale", "as_feature_map"]

_AT_ONCE = 1 << 22
"""Numbers that are computed with at a time, in float64."""


@frozen
class InputScale:
    """Mean and deviation of an input, which broadcast against its rows.

    Of rows of numbers every column has its own; of arrays of more dimensions all numbers share one. A column
    that does not vary becomes 0.
    """

    mean: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, value: Tensor, rows: Tensor) -> InputScale:
        """Return the statistics of some rows of an input `(examples, *shape)`."""
        together = value.ndim > 2
        parts = torch.split(rows, max(1, _AT_ONCE // max(1, value[0].numel())))
        dims = tuple(range(value.ndim)) if together else (0,)
        count = len(rows) * (value[0].numel() if together else 1)
        mean = sum(value[part].double().sum(dims) for part in parts) / count
        mean = torch.as_tensor(mean)
        squares = sum(((value[part].double() - mean) ** 2).sum(dims) for part in parts)
        deviation = (torch.as_tensor(squares) / count).sqrt()
        least = mean.abs() * 2.0**-40  # a difference as small is a rounding error
        return cls(mean, deviation.where(deviation > least, torch.inf))

    def __call__(self, value: Tensor, rows: Tensor) -> Tensor:
        """Return some rows, standardised, float32."""
        parts = torch.split(rows, max(1, _AT_ONCE // max(1, value[0].numel())))
        return torch.cat([((value[part].double() - self.mean) / self.deviation).float() for part in parts])


def as_feature_map(value: Tensor, rows: Tensor, scale: InputScale | None) -> Tensor:
    """Return some rows of an input as float32; a row of numbers is a sequence of length 1."""
    found = float32_rows(value, rows) if scale is None else scale(value, rows)
    if found.ndim == 1:
        found = found[:, None]
    return found[:, None] if found.ndim == 2 else found
