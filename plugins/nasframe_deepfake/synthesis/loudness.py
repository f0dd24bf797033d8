"""Loudness and peak of a clip, set to values drawn at random."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

__all__ = ["Level", "draw_level", "set_level"]

_REACH = 32
"""Samples before and after a peak that are attenuated with it: two milliseconds."""

Array = NDArray[np.float64]


@frozen
class Level:
    """Loudness: the root mean square (full scale is 1). Crest: the peak divided by the loudness."""

    loudness: float
    crest: float


def draw_level(random: np.random.Generator) -> Level:
    """Draw a level from a range that is the same for clips of every category.

    A codec and a vocoder change loudness and peak by a per cent or less, always in the same direction. In
    clips of equal loudness a classifier would recognise that; within this range it cannot.
    """
    return Level(0.07 * 10 ** (random.uniform(-1.5, 1.5) / 20), random.uniform(2.8, 3.8))


def set_level(samples: Array, level: Level) -> Array:
    """Return `samples` with the loudness of `level`, attenuated around their peaks to its crest."""
    for _ in range(8):
        samples = samples * (level.loudness / max(float(np.sqrt(np.mean(samples**2))), 1e-6))
        samples = samples * _attenuation(samples, level.loudness * level.crest)
    return samples


def _attenuation(samples: Array, limit: float) -> Array:
    """Return smooth factors that keep `samples` within the limit: the least ones nearby, then their mean."""
    factors = np.minimum(1, limit / np.maximum(np.abs(samples), 1e-9))
    least, width = np.pad(factors, 2 * _REACH, mode="edge"), 2 * _REACH + 1
    # The minimum over 2, 4, 8 … neighbours, and then over one more.
    for step in (*(1 << power for power in range(_REACH.bit_length())), 1):
        least = np.minimum(least[:-step], least[step:])
    total = np.cumsum(np.pad(least, (1, 0)))
    return np.asarray((total[width:] - total[:-width]) / width)
