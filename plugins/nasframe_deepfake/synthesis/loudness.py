"""Loudness and peak of a clip, set to what was drawn for it."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

__all__ = ["Level", "draw_level", "set_level"]

_REACH = 32
"""Samples before and after a peak that are turned down with it: two milliseconds."""

Array = NDArray[np.float64]


@frozen
class Level:
    """Root mean square (full scale is 1), and how many times as high the peak is."""

    loudness: float
    crest: float


def draw_level(random: np.random.Generator) -> Level:
    """A level from the range that clips of every class share.

    A codec and a vocoder change loudness and peak by a per cent or less, always the same way, which a
    classifier would find in clips that are equally loud. Within the spread of this range it cannot.
    """
    return Level(0.07 * 10 ** (random.uniform(-1.5, 1.5) / 20), random.uniform(2.8, 3.8))


def set_level(samples: Array, level: Level) -> Array:
    """`samples` with the loudness of `level`, and turned down around their peaks to its crest."""
    for _ in range(8):
        samples = samples * (level.loudness / max(float(np.sqrt(np.mean(samples**2))), 1e-6))
        samples = samples * _turned_down(samples, level.loudness * level.crest)
    return samples


def _turned_down(samples: Array, limit: float) -> Array:
    """Factors that keep `samples` within the limit, changing slowly: the least nearby, then their mean."""
    factors = np.minimum(1, limit / np.maximum(np.abs(samples), 1e-9))
    least, width = np.pad(factors, 2 * _REACH, mode="edge"), 2 * _REACH + 1
    # The least of 2, 4, 8 … neighbours, and then of one more.
    for step in (*(1 << power for power in range(_REACH.bit_length())), 1):
        least = np.minimum(least[:-step], least[step:])
    total = np.cumsum(np.pad(least, (1, 0)))
    return np.asarray((total[width:] - total[:-width]) / width)
