"""The processes that a launcher such as `torchrun` has started to work together."""

from __future__ import annotations

import os

__all__ = ["launched_processes"]

_VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


def launched_processes() -> int:
    """Return how many were started, as `torchrun` tells each of them by its environment; 1 without it."""
    if not all(os.environ.get(name) for name in _VARIABLES):
        return 1
    return int(os.environ["WORLD_SIZE"])
