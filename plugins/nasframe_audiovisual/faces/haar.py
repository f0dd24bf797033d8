"""Haar cascades that come with OpenCV's wheel.

One cascade proposes faces all over a reduced picture; two look closely at each of them, at a size of their
own, and the number of their hits is the evidence. A face has dozens of hits, a chance detection few.

The cascades know eyes that are darker than the skin. In a dark face the white of the eyes is the brightest
part, and they miss it. So a picture is also searched with its bright spots cut down to the mean around them.
"""

from __future__ import annotations

import functools
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nasframe_audiovisual.faces.crop import cut_out
from nasframe_audiovisual.faces.face import Face, distinct
from nasframe_audiovisual.faces.face_detector import FaceDetector
from nasframe_audiovisual.faces.opencv import opencv, single_threaded
from nasframe_audiovisual.faces.reducing import reduced
from nasframe_audiovisual.spares import Spares

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["HaarDetector"]

SMALLEST_WINDOW = 24
"""Side of the smallest face that the cascades know, in pixels of the reduced picture."""

TILE = 2 * SMALLEST_WINDOW
"""Side of the tiles in which contrast is evened out, in pixels of the reduced picture."""

CLOSE = 48
"""Side of a face where it is looked at closely, in pixels; the piece around it is twice as large."""

PLAIN = 8
"""Number of hits from which a face is plain to see, so that no other look is needed."""

AROUND = 0.65
"""Side of the square whose mean bright spots are cut down to, in sides of a face."""

DARK = (0.2, 0.33, 0.55, 0.9)
"""Ends of the ranges of sides in which dark faces are looked for, in parts of the picture's shorter side."""


@frozen
class HaarDetector(FaceDetector):
    """Haar cascades for faces seen from the front: `alt2` proposes, and `alt` gives the evidence."""

    name: ClassVar[str] = "haar"
    margin: ClassVar[float] = 1.4
    least: ClassVar[int] = 3

    def find(self, pixels: NDArray[np.uint8], smallest: float, thorough: bool) -> list[Face]:
        with single_threaded() as cv2:
            grey, scale = reduced(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), smallest, SMALLEST_WINDOW)
            shorter = scale * min(pixels.shape[:2])
            boxes = [_proposed("alt2", _levelled(cv2, grey, TILE), smallest * shorter, np.inf)]
            for low, high in pairwise(shorter * side for side in DARK if thorough):
                dim = _levelled(cv2, _without_spots(cv2, grey, math.sqrt(low * high)), TILE)
                boxes += [_proposed(name, dim, low, high) for name in ("alt2", "alt")]
        return distinct(
            Face((x + side / 2) / scale, (y + side / 2) / scale, side / scale, 0.0)
            for x, y, side, _ in np.concatenate(boxes).tolist()
        )

    def follow(self, pixels: NDArray[np.uint8], face: Face) -> Face | None:
        """Return the mean of the hits near the face; the evidence is the number of those of `alt`."""
        with single_threaded() as cv2:
            piece = cut_out(pixels, face.x - face.side, face.y - face.side, 2 * face.side, 2 * CLOSE)
            grey = cv2.cvtColor(piece, cv2.COLOR_RGB2GRAY)
            look = _levelled(cv2, grey, CLOSE)
            sure = _hits("alt", look)
            if len(sure) < PLAIN:
                dim = _levelled(cv2, _without_spots(cv2, grey, CLOSE), CLOSE)
                look, sure = max((look, sure), (dim, _hits("alt", dim)), key=lambda found: len(found[1]))
            hits = np.concatenate([sure, _hits("alt2", look)])
            if not len(hits):
                hits = _hits("default", look)
        if not len(hits):
            return None
        # all are whole numbers of half pixels, whose sum does not depend on their order
        x, y, side = hits.sum(0) / len(hits) / CLOSE * face.side
        return Face(
            float(face.x - face.side + x), float(face.y - face.side + y), float(side), float(len(sure))
        )


def _proposed(name: str, grey: NDArray[np.uint8], least: float, most: float) -> NDArray[np.int32]:
    """Return the squares `(count, 4)` that a cascade finds, of sides between two bounds in pixels."""
    smallest = max(SMALLEST_WINDOW, round(least))
    largest = round(min(most, *grey.shape))
    if largest < smallest:
        return np.empty((0, 4), np.int32)
    with _cascades(name).borrowed() as cascade:
        found = cascade.detectMultiScale(
            grey, 1.15, 1, minSize=(smallest, smallest), maxSize=(largest, largest)
        )
    return np.asarray(found, np.int32).reshape(-1, 4)


def _hits(name: str, grey: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the hits of a cascade near the middle of a piece: x and y of the centre, and the side."""
    smallest, largest = int(CLOSE * 0.7), int(CLOSE * 1.4)
    with _cascades(name).borrowed() as cascade:
        found = cascade.detectMultiScale(
            grey, 1.1, 0, minSize=(smallest, smallest), maxSize=(largest, largest)
        )
    boxes = np.asarray(found, np.float64).reshape(-1, 4)
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    near = np.abs(centres - CLOSE).max(1) < 0.35 * CLOSE
    return np.asarray(np.column_stack([centres, boxes[:, 2]])[near], np.float64)


def _without_spots(cv2: ModuleType, grey: NDArray[np.uint8], side: float) -> NDArray[np.uint8]:
    """Return grey pixels, none brighter than the mean around it, for faces of about a side in pixels."""
    around = max(3, round(side * AROUND) | 1)
    return np.asarray(np.minimum(grey, cv2.blur(grey, (around, around))), np.uint8)


def _levelled(cv2: ModuleType, grey: NDArray[np.uint8], tile: int) -> NDArray[np.uint8]:
    """Return grey pixels, their contrast evened out in tiles of about `tile` pixels: dark faces count too."""
    tiles = (max(1, grey.shape[1] // tile), max(1, grey.shape[0] // tile))
    return np.asarray(cv2.createCLAHE(2.0, tiles).apply(grey), np.uint8)


@functools.cache
def _cascades(name: str) -> Spares[Any]:
    """Return the cascades of a name: one must not be used by two threads at once."""

    def read() -> Any:
        cv2 = opencv()
        return cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_{name}.xml")

    return Spares(read)
