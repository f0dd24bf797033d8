"""No detection: the middle square of the picture, for clips that are cropped already."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nasframe_audiovisual.faces.face import Face
from nasframe_audiovisual.faces.face_detector import SURE, FaceDetector

__all__ = ["MiddleSquare"]


@frozen
class MiddleSquare(FaceDetector):
    """Takes the middle square of every picture for the face and looks at no pixel."""

    name: ClassVar[str] = "none"
    margin: ClassVar[float] = 1.0
    least: ClassVar[int] = 1

    def find(self, pixels: NDArray[np.uint8], smallest: float, thorough: bool) -> list[Face]:
        """Return the middle square."""
        height, width = pixels.shape[:2]
        side = min(height, width)
        return [Face((width - side) // 2 + side / 2, (height - side) // 2 + side / 2, side, SURE)]

    def follow(self, pixels: NDArray[np.uint8], face: Face) -> Face | None:
        """Return the middle square."""
        return self.find(pixels, 0.0, thorough=False)[0]
