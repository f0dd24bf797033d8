"""The learning rate over the epochs."""

from __future__ import annotations

import math

__all__ = ["learning_rate"]


def learning_rate(initial: float, share: float, schedule: str) -> float:
    """The rate when `share` of the epochs is done: constant, or half a cosine down to zero."""
    return initial * 0.5 * (1 + math.cos(math.pi * share)) if schedule == "cosine" else initial
