"""Values of repetitions; one that is None or not finite was not measured."""

from __future__ import annotations

import math
from typing import TypeGuard

__all__ = ["Value", "is_known"]

Value = float | int | None


def is_known(value: Value) -> TypeGuard[float]:
    """Return True for a value that was measured."""
    return value is not None and math.isfinite(value)
