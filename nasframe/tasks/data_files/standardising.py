"""Inputs as float32, standardised by the statistics of the rows that weights learn from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from attrs import frozen
from torch import Tensor

from nasframe.errors import DataError
from nasframe.tasks.tensors import float32_rows

__all__ = ["InputScale", "as_feature_map"]

_AT_ONCE = 1 << 22
"""Numbers that are computed with at a time, in float64."""

_EXACT = 2.0**53
"""Up to here float64 tells whole numbers apart."""

_LONG = 2.0**63
"""Whole numbers of 64 bits end here; larger ones of float64 are measured, and rounded."""

_MOST = 400
"""The squares of numbers of more binary digits before or behind the point are not computed with."""


@frozen
class InputScale:
    """Mean and deviation of an input, which broadcast against its rows.

    Of rows of numbers every column has its own; of arrays of more dimensions all numbers share one. A column
    that does not vary becomes 0. Whole numbers that differ by little beside their size, such as times in
    nanoseconds, have their least one subtracted first, which is exact; numbers whose squares float64 does not
    hold are divided by a power of two.

    Attributes:
        mean, deviation: of the numbers as they are computed with, float64.
        shift: subtracted before; None where nothing is.
        factor: multiplied with before, powers of two; None where nothing is.
    """

    mean: Tensor
    deviation: Tensor
    shift: Tensor | None = None
    factor: Tensor | None = None

    @classmethod
    def of(cls, value: Tensor, rows: Tensor) -> InputScale:
        """Return the statistics of some rows of an input `(examples, *shape)`.

        Raises:
            DataError: whole numbers differ, and float64 does not tell them apart.
        """
        ends = _Ends.of(value, rows)
        factor = _factor(ends)
        mean, deviation = _moments(value, rows, None, factor)
        varied = ends.low != ends.high
        whole = ends.whole & varied & deviation.isinf()
        if value.is_floating_point():
            beyond = whole & (ends.largest > _EXACT)
            if bool((beyond & (ends.largest < _LONG)).any()):
                raise DataError(
                    f"whole numbers up to {float(ends.largest[beyond].min()):.6g} at one place of the "
                    "examples, which floating point does not tell apart; subtract what they share, first"
                )
            whole &= ~beyond
        else:
            whole |= varied & (ends.largest > _EXACT)
        if not bool(whole.any()):
            return cls(mean, deviation, None, factor)
        _require_differences(value, whole)
        shift = torch.where(whole, ends.low, torch.zeros_like(ends.low))
        return cls(*_moments(value, rows, shift, factor), shift, factor)

    def __call__(self, value: Tensor, rows: Tensor) -> Tensor:
        """Return some rows, standardised, float32."""
        return torch.cat(
            [
                ((part - self.mean) / self.deviation).float()
                for part in _parts(value, rows, self.shift, self.factor)
            ]
        )


@frozen
class _Ends:
    """The ends of a column, in its own type, and where it holds whole numbers alone."""

    low: Tensor
    high: Tensor
    whole: Tensor

    @classmethod
    def of(cls, value: Tensor, rows: Tensor) -> _Ends:
        found: _Ends | None = None
        for part in torch.split(rows, _rows_at_once(value)):
            numbers = value[part]
            if numbers.dtype == torch.bool or numbers.dtype.itemsize == 1:  # torch computes little with some
                numbers = numbers.double()
            dims = tuple(range(value.ndim)) if value.ndim > 2 else (0,)
            low, high = numbers.amin(dims), numbers.amax(dims)
            whole = torch.ones_like(low, dtype=torch.bool)
            if numbers.is_floating_point():
                whole = (numbers != numbers.round()).sum(dims) == 0
            ends = cls(low, high, whole)
            found = ends if found is None else found.with_(ends)
        assert found is not None
        return found

    @property
    def largest(self) -> Tensor:
        """The largest magnitude, float64."""
        return torch.maximum(self.low.double().abs(), self.high.double().abs())

    def with_(self, other: _Ends) -> _Ends:
        return _Ends(
            torch.minimum(self.low, other.low),
            torch.maximum(self.high, other.high),
            self.whole & other.whole,
        )


def _factor(ends: _Ends) -> Tensor | None:
    """Return a power of two for each column whose squares float64 does not hold; None without such a one."""
    if not ends.low.is_floating_point():
        return None
    largest = ends.largest
    hard = (largest > 2.0**_MOST) | ((largest < 2.0**-_MOST) & (largest > 0))
    if not bool(hard.any()):
        return None
    exponent = (
        torch.frexp(largest).exponent.clamp(-1000, 1000).where(hard, torch.zeros((), dtype=torch.int32))
    )
    return torch.as_tensor(np.ldexp(1.0, -exponent.numpy()))


def _require_differences(value: Tensor, columns: Tensor) -> None:
    """Refuse whole numbers whose differences int64 does not hold."""
    if value.is_floating_point():
        return
    ends = _Ends.of(value, torch.arange(len(value)))
    for low, high in zip(ends.low[columns].tolist(), ends.high[columns].tolist(), strict=True):
        if high - low >= 2**63:
            raise DataError(f"whole numbers from {low} to {high}, whose difference 64 bits do not hold")


def _rows_at_once(value: Tensor) -> int:
    return max(1, _AT_ONCE // max(1, value[0].numel()))


def _parts(value: Tensor, rows: Tensor, shift: Tensor | None, factor: Tensor | None) -> Iterator[Tensor]:
    """Yield some rows in parts, float64."""
    for part in torch.split(rows, _rows_at_once(value)):
        numbers = value[part]
        numbers = (numbers if shift is None else numbers - shift).double()
        yield numbers if factor is None else numbers * factor


def _moments(
    value: Tensor, rows: Tensor, shift: Tensor | None, factor: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Return mean and deviation; the latter is infinite where a column does not vary."""
    together = value.ndim > 2
    dims = tuple(range(value.ndim)) if together else (0,)
    count = len(rows) * (value[0].numel() if together else 1)
    mean = torch.as_tensor(sum(part.sum(dims) for part in _parts(value, rows, shift, factor)) / count)
    squares = sum(((part - mean) ** 2).sum(dims) for part in _parts(value, rows, shift, factor))
    deviation = (torch.as_tensor(squares) / count).sqrt()
    least = mean.abs() * 2.0**-40  # a difference as small is a rounding error
    return mean, deviation.where(deviation > least, torch.inf)


def as_feature_map(value: Tensor, rows: Tensor, scale: InputScale | None) -> Tensor:
    """Return some rows of an input as float32; a row of numbers is a sequence of length 1."""
    found = float32_rows(value, rows) if scale is None else scale(value, rows)
    if found.ndim == 1:
        found = found[:, None]
    return found[:, None] if found.ndim == 2 else found
