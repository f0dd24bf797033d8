"""The rows of a file that are looked at before an experiment is proposed: some from everywhere in it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_ROWS", "sampled_rows"]

MOST_ROWS = 1000
"""Rows that are looked at."""

_BLOCKS = 20


def sampled_rows(count: int) -> NDArray[np.int64]:
    """Return the numbers of the rows to look at, in ascending order: all of a few, else blocks of neighbours.

    The blocks are spread from the first row to the last, as rows may be sorted by their class; and they are
    blocks, as the rows of a group may be neighbours.

    Example:
        >>> sampled_rows(3).tolist()
        [0, 1, 2]
        >>> rows = sampled_rows(1_000_000)
        >>> len(rows), rows[:3].tolist(), rows[-1].item()
        (1000, [0, 1, 2], 999999)
    """
    if count <= MOST_ROWS:
        return np.arange(count)
    length = MOST_ROWS // _BLOCKS
    starts = np.linspace(0, count - length, _BLOCKS).astype(np.int64)
    return np.unique(starts[:, None] + np.arange(length))
