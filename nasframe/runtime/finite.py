"""The numbers of tensors that are finite: neither NaN nor an infinity."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["is_finite", "rows_not_finite"]


def is_finite(values: Any) -> bool:
    """Return False where a tensor holds a NaN or an infinity.

    Args:
        values: a tensor, or mappings, lists and tuples of tensors, to any depth; anything else in them is no
            number of a tensor and is passed over.
    """
    from torch import Tensor

    if isinstance(values, Tensor):
        values = values.detach()
        if values.is_floating_point() and math.isfinite(values.sum()):
            return True  # neither NaN nor an infinity is lost in a sum, and one pass is cheaper than four
        return bool(values.isfinite().all())
    if isinstance(values, Mapping):
        return all(map(is_finite, values.values()))
    return not isinstance(values, list | tuple) or all(map(is_finite, values))


def rows_not_finite(values: Tensor) -> Tensor:
    """Return a truth value for each row, `(rows,)`: True where it holds a NaN or an infinity.

    Args:
        values: `(rows, ...)`.
    """
    finite = values.isfinite()
    return ~(finite.flatten(1).all(1) if finite.ndim > 1 else finite)
