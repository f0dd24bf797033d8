"""Detectors of faces for the tests of windows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasframe_audiovisual import Face, FaceDetector, FaceSettings

__all__ = ["MIDDLE", "LooksAnew"]

MIDDLE = FaceSettings("none").make()


class LooksAnew(FaceDetector):
    """Follows a face by a search of the whole picture, in which there is one face at most."""

    def follow(self, pixels: NDArray[np.uint8], face: Face) -> Face | None:
        return next(iter(self.find(pixels, 0.0, thorough=False)), None)
