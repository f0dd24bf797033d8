"""Haar cascades that come with OpenCV's wheel.

One cascade proposes faces all over a reduced picture; two look closely at each of them, at a size of their
own, and the number of their hits is the evidence. A face has dozens of hits, a chance detection few.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nasframe_audiovisual.faces.crop import cut_out
from nasframe_audiovisual.faces.face import Face, distinct
from nasframe_audiovisual.faces.face_detector import FaceDetector
from nasframe_audiovisual.faces.opencv import opencv, single_threaded
from nasframe_audiovisual.spares import Spares

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["HaarDetector"]

SMALLEST_WINDOW = 24
"""Side of the smallest face that the cascades know, in pixels of the reduced picture."""

MOST_PIXELS = 160_000
"""Size of the reduced picture, at most: 533 × 300 of 16:9."""

MOST_ENLARGED = 2.0
"""Small pictures are enlarged by this factor at most."""

CLOSE = 48
"""Side of a face where it is looked at closely, in pixels; the piece around it is twice as large."""


@frozen
class HaarDetector(FaceDetector):
    """Haar cascades for faces seen from the front: `alt2` proposes, and `alt` gives the evidence."""

    name: ClassVar[str] = "haar"
    margin: ClassVar[float] = 1.4
    least: ClassVar[int] = 3

    def find(self, pixels: NDArray[np.uint8], smallest: float) -> list[Face]:
        """Return the squares that a cascade proposes, the largest first."""
        height, width = pixels.shape[:2]
        scale = SMALLEST_WINDOW / max(1.0, smallest * min(height, width))
        scale = min(scale, math.sqrt(MOST_PIXELS / (height * width)), MOST_ENLARGED)
        least = max(SMALLEST_WINDOW, round(smallest * scale * min(height, width)))
        with single_threaded() as cv2:
            small = _resized(cv2, cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), scale)
            grey = _levelled(cv2, small, SMALLEST_WINDOW * 2)
            with _cascades("alt2").borrowed() as cascade:
                boxes = cascade.detectMultiScale(grey, 1.15, 1, minSize=(least, least))
        return distinct(
            Face((x + side / 2) / scale, (y + side / 2) / scale, side / scale, 0.0)
            for x, y, side, _ in (tuple(map(int, box)) for box in boxes)
        )

    def follow(self, pixels: NDArray[np.uint8], face: Face) -> Face | None:
        """Return the mean of the hits near the face; the evidence is the number of those of `alt`."""
        with single_threaded() as cv2:
            piece = cut_out(pixels, face.x - face.side, face.y - face.side, 2 * face.side, 2 * CLOSE)
            grey = _levelled(cv2, cv2.cvtColor(piece, cv2.COLOR_RGB2GRAY), CLOSE)
            sure, others = _hits("alt", grey), _hits("alt2", grey)
            hits = np.concatenate([sure, others])
            if not len(hits):
                hits = _hits("default", grey)
        if not len(hits):
            return None
        # all are whole numbers of half pixels, whose sum does not depend on their order
        x, y, side = hits.sum(0) / len(hits) / CLOSE * face.side
        return Face(
            float(face.x - face.side + x), float(face.y - face.side + y), float(side), float(len(sure))
        )


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


def _levelled(cv2: ModuleType, grey: NDArray[np.uint8], tile: int) -> NDArray[np.uint8]:
    """Return grey pixels, their contrast evened out in tiles of about `tile` pixels: dark faces count too."""
    tiles = (max(1, grey.shape[1] // tile), max(1, grey.shape[0] // tile))
    return np.asarray(cv2.createCLAHE(2.0, tiles).apply(grey), np.uint8)


def _resized(cv2: ModuleType, pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    height, width = (max(1, round(length * scale)) for length in pixels.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)


@functools.cache
def _cascades(name: str) -> Spares[Any]:
    """Return the cascades of a name: one must not be used by two threads at once."""

    def read() -> Any:
        cv2 = opencv()
        return cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_{name}.xml")

    return Spares(read)
