"""A picture at the size at which faces are searched for, so that the time does not grow with its own."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nasframe_audiovisual.faces.opencv import single_threaded

__all__ = ["reduced"]

MOST_PIXELS = 160_000
"""Size of the reduced picture, at most: 533 × 300 of 16:9."""

MOST_ENLARGED = 2.0
"""Small pictures are enlarged by this factor at most."""


def reduced(pixels: NDArray[np.uint8], smallest: float, known: int) -> tuple[NDArray[np.uint8], float]:
    """Return a picture at another size, and its new length in pixels over the old one.

    Args:
        pixels: `(height, width)` or `(height, width, 3)`.
        smallest: side of the smallest face wanted, in parts of the picture's shorter side.
        known: side of the smallest face that the detector knows, in pixels of the result.
    """
    height, width = pixels.shape[:2]
    scale = known / max(1.0, smallest * min(height, width))
    scale = min(scale, math.sqrt(MOST_PIXELS / (height * width)), MOST_ENLARGED)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    with single_threaded() as cv2:
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8), scale
