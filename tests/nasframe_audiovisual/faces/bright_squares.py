"""A detector whose faces are white squares on a dark ground, and pictures of such squares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from nasframe_audiovisual import Face, FaceDetector, FaceTracker, Located

__all__ = ["BrightSquares", "follow", "scene"]

STEP = 0.1


class BrightSquares(FaceDetector):
    """Finds every white square; the whiter, the surer."""

    margin: ClassVar[float] = 2.0
    least: ClassVar[int] = 3

    def find(self, pixels: NDArray[np.uint8], smallest: float, thorough: bool) -> list[Face]:
        """Return all white squares that are not too small."""
        bright = (pixels[..., 0] >= 200).astype(np.uint8)
        _, _, boxes, centres = cv2.connectedComponentsWithStats(bright)
        least = smallest * min(pixels.shape[:2])
        return [
            Face(x + 0.5, y + 0.5, float(box[2]), 10.0)
            for (x, y), box in zip(centres[1:].tolist(), boxes[1:].tolist(), strict=True)
            if box[2] >= least
        ]

    def follow(self, pixels: NDArray[np.uint8], face: Face) -> Face | None:
        """Return the white square that overlaps the last one most."""
        near = [found for found in self.find(pixels, 0.0, thorough=False) if found.overlap(face) > 0.3]
        return max(near, key=face.overlap, default=None)


def scene(*squares: tuple[int, int, int] | None, ground: int = 40) -> NDArray[np.uint8]:
    """Return a picture `(120, 160, 3)` with squares of (centre x, centre y, side); None is left out."""
    picture = np.full((120, 160, 3), ground, np.uint8)
    for x, y, side in filter(None, squares):
        picture[max(0, y - side // 2) : y + side // 2, max(0, x - side // 2) : x + side // 2] = 255
    return picture


def follow(pictures: Iterable[NDArray[np.uint8]], detector: FaceDetector | None = None) -> Sequence[Located]:
    """Return the faces of all pictures, ten a second."""
    tracker = FaceTracker(detector or BrightSquares())
    found = [one for number, pixels in enumerate(pictures) for one in tracker.feed(number * STEP, pixels)]
    return [*found, *tracker.close()]
