"""Numbers drawn for an augmentation."""

from __future__ import annotations

import torch

__all__ = ["away_from_zero", "between", "whole"]


def between(random: torch.Generator, least: float, most: float) -> float:
    """Draw a number from `least` to `most`, all of them equally often."""
    return least + (most - least) * float(torch.rand((), generator=random, dtype=torch.float64))


def away_from_zero(random: torch.Generator, least: float, most: float) -> float:
    """Draw a number of a size from `least` to `most`, below or above zero: it always changes something."""
    size = between(random, least, most)
    return size if between(random, -1, 1) >= 0 else -size


def whole(random: torch.Generator, least: int, most: int) -> int:
    """Draw a whole number from `least` to `most`, both included."""
    return int(torch.randint(least, most + 1, (), generator=random))
