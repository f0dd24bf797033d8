"""Numbers that come from float32 tensors, without the digits that float32 does not have."""

from __future__ import annotations

import struct

__all__ = ["shortest_number"]

_MOST_DIGITS = 9
"""So many digits tell any two numbers of float32 apart."""


def shortest_number(value: float) -> float:
    """Return the number with the fewest digits that is the same one in float32.

    A number that float32 does not hold exactly was not computed in it, and is returned as it is, and so is a
    whole one. The order of numbers of float32 is kept.

    Example:
        >>> shortest_number(0.8166666626930237), shortest_number(49 / 60), shortest_number(16777216.0)
        (0.81666666, 0.8166666666666667, 16777216.0)
    """
    if not _is_single(value) or value.is_integer():
        return value
    shorter = (float(f"{value:.{digits}g}") for digits in range(1, _MOST_DIGITS + 1))
    return next(number for number in shorter if _single(number) == value)


def _is_single(value: float) -> bool:
    try:
        return _single(value) == value
    except OverflowError:  # beyond the largest number of float32
        return False


def _single(value: float) -> float:
    found: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return found
