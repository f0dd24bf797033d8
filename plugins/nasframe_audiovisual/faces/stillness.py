"""Motion in a square of a picture: a face that talks moves, a spot on the wall does not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasframe_audiovisual.faces.crop import cut_out
from nasframe_audiovisual.faces.face import Face
from nasframe_audiovisual.faces.opencv import single_threaded

__all__ = ["PARTS", "STILL", "changed", "light"]

STILL = 3.0
"""Nothing moves if the light of no part of a square changes by more than this, of 255."""

PARTS = 16
"""Parts of a square in each direction: the noise of a camera and of an encoder averages out in a part."""

_SIDE = 4 * PARTS


def light(pixels: NDArray[np.uint8], face: Face) -> NDArray[np.float32]:
    """Return the mean light of the parts of a face's square, `(parts, parts)`, from 0 to 255."""
    piece = cut_out(pixels, face.x - face.side / 2, face.y - face.side / 2, face.side, _SIDE)
    with single_threaded() as cv2:
        grey = cv2.cvtColor(piece, cv2.COLOR_RGB2GRAY)
        return np.asarray(cv2.resize(grey, (PARTS, PARTS), interpolation=cv2.INTER_AREA), np.float32)


def changed(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Return True where the light of two pictures differs in a part of the square."""
    return bool(np.abs(one - other).max() > STILL)
