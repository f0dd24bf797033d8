"""A square of a picture, resampled to the size that a network takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasframe_audiovisual.faces.face import Square
from nasframe_audiovisual.faces.opencv import single_threaded

__all__ = ["crop", "cut_out"]


def crop(pixels: NDArray[np.uint8], square: Square, size: int) -> NDArray[np.uint8]:
    """Return a square of a picture `(size, size, 3)`, uint8; outside the picture its edge is repeated.

    A larger square is reduced by the mean of the pixels that each new one covers, so that nothing flickers.

    Args:
        pixels: RGB `(height, width, 3)`.
        square: of the picture.
        size: side of the result, in pixels.
    """
    return cut_out(pixels, square.left, square.top, square.side, size)


def cut_out(pixels: NDArray[np.uint8], left: float, top: float, side: float, size: int) -> NDArray[np.uint8]:
    """Return the square as `crop` does; its place is rounded to whole pixels."""
    height, width = pixels.shape[:2]
    first_x, first_y, length = round(left), round(top), max(1, round(side))
    last_x, last_y = first_x + length, first_y + length
    inner = pixels[
        min(max(first_y, 0), height - 1) : max(min(last_y, height), 1),
        min(max(first_x, 0), width - 1) : max(min(last_x, width), 1),
    ]
    with single_threaded() as cv2:
        missing = (max(0, -first_y), max(0, last_y - height), max(0, -first_x), max(0, last_x - width))
        if any(missing):
            top_, bottom, left_, right = (min(part, length - 1) for part in missing)
            inner = cv2.copyMakeBorder(inner, top_, bottom, left_, right, cv2.BORDER_REPLICATE)
        how = cv2.INTER_AREA if length >= size else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(inner, (size, size), interpolation=how), np.uint8)
