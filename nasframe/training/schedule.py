"""The learning rate over the epochs.

One equation of the share that is done, and no scheduler of torch: there is no state to save in a checkpoint.
"""

from __future__ import annotations

import math

__all__ = ["learning_rate"]


def learning_rate(initial: float, share: float, schedule: str) -> float:
    """Return the learning rate when the share s of the epochs is done.

    Constant, or half a cosine down to zero: `initial` · (1 + cos π s) / 2.

    Args:
        initial: the rate of the first epoch.
        share: s, from 0 to 1.
        schedule: "constant" or "cosine".

    Example:
        >>> [round(learning_rate(0.1, share, "cosine"), 4) for share in (0.0, 0.5, 1.0)]
        [0.1, 0.05, 0.0]
    """
    return initial * 0.5 * (1 + math.cos(math.pi * share)) if schedule == "cosine" else initial
