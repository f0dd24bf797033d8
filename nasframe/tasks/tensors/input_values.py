"""Inputs by name: numbers that float32 holds and tells apart, with a row for each example."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from nasframe.errors import DataError
from nasframe.runtime import rows_not_finite
from nasframe.tasks.tensors.array_values import tensor_of
from nasframe.tasks.values_in_words import rows_in_words

__all__ = ["float32_rows", "input_tensor", "require_finite"]

_AT_ONCE = 1 << 24
"""Values that are checked at a time."""

_EXACT = 1 << 24
"""Up to here float32 tells whole numbers apart."""

_ROUNDING = 2.0**-40
"""Numbers of float64 that differ by a smaller share may be one number, computed in two ways."""


def input_tensor(name: Any, value: Any) -> Tensor:
    """Return an input as a tensor of numbers that has a row for each example.

    Raises:
        DataError: it is none.
    """
    if not isinstance(name, str) or not name:
        raise DataError(f"inputs: expected text as the name of each, found {name!r}")
    found = tensor_of(value, f"input {name!r}")
    if found.ndim == 0:
        raise DataError(f"input {name!r}: expected a row for each example, found a single number")
    if 0 in found.shape[1:]:
        raise DataError(f"input {name!r}: the shape {tuple(found.shape)} holds no number")
    return found


def require_finite(name: str, value: Tensor) -> None:
    """Refuse an input with a value that float32 does not hold.

    Raises:
        DataError: with its name and rows.
    """
    size = max(1, _AT_ONCE // max(1, value[0].numel()))
    if value.is_floating_point():
        bad = [rows_not_finite(part.float()) for part in torch.split(_columns(value), size)]
        rows = torch.cat(bad).nonzero().flatten().tolist()
        if rows:
            raise DataError(f"input {name!r}: NaN or infinity in {rows_in_words(rows)}")
        if value.dtype == torch.float64:
            _require_told_apart(name, _columns(value), size)
    elif value.dtype in (torch.int32, torch.int64):
        bad = [
            ((part > _EXACT) | (part < -_EXACT)).flatten(1).any(1)
            for part in torch.split(_columns(value), size)
        ]
        rows = torch.cat(bad).nonzero().flatten().tolist()
        if rows:
            raise DataError(
                f"input {name!r}: whole numbers beyond {_EXACT:,} in {rows_in_words(rows)}, which float32 "
                "does not tell apart; scale them first"
            )


def _require_told_apart(name: str, value: Tensor, size: int) -> None:
    """Refuse a number of the examples that differs between them, and is one and the same in float32.

    A difference as small as a rounding error of float64 counts as none.

    Args:
        name: of the input.
        value: `(examples, *shape)`, float64.
        size: examples to look at together.

    Raises:
        DataError: with the two ends of its values.
    """
    parts = torch.split(value, size)
    low = torch.stack([part.amin(0) for part in parts]).amin(0)
    high = torch.stack([part.amax(0) for part in parts]).amax(0)
    largest = torch.maximum(low.abs(), high.abs())
    lost = (low.float() == high.float()) & (high - low > _ROUNDING * largest)
    if lost.any():
        first, last = float(low[lost][0]), float(high[lost][0])
        raise DataError(
            f"input {name!r}: values from {first!r} to {last!r} at one place of the examples, which float32 "
            "does not tell apart; subtract what they share, or scale them, first"
        )


def _columns(value: Tensor) -> Tensor:
    """Return numbers `(examples,)` as a column; others as they are."""
    return value[:, None] if value.ndim == 1 else value


def float32_rows(value: Tensor, rows: Tensor) -> Tensor:
    """Return some rows of an input `(examples, *shape)` as float32, as the parameters of a network are."""
    return _columns(value[rows.to(value.device)]).float()
