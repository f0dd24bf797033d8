"""The contract of a detector of faces."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nasframe_audiovisual.faces.face import Face

__all__ = ["LIKELY", "SURE", "FaceDetector"]

SURE = 4.0
"""Mean evidence from which a face is no chance detection."""

LIKELY = SURE / 2
"""Mean evidence from which another face beside a sure one may be the one that is meant."""


class FaceDetector(ABC):
    """Finds faces in single pictures; a tracker joins them over time.

    A detector gives the same faces for the same picture, on any number of threads, may be called from several
    threads at once, and can be pickled.
    """

    name: ClassVar[str]
    """As users name it."""

    margin: ClassVar[float]
    """Side of the crop, in sides of a found face."""

    least: ClassVar[int]
    """Number of pictures in which a face must be found before it counts."""

    @abstractmethod
    def find(self, pixels: NDArray[np.uint8], smallest: float, thorough: bool) -> list[Face]:
        """Return squares of a whole picture that may be faces, the largest first; `follow` confirms them.

        The picture is reduced first, so that the time does not grow with its size.

        Args:
            pixels: RGB `(height, width, 3)`.
            smallest: side of the smallest face wanted, in parts of the picture's shorter side.
            thorough: whether faces that are hard to find are worth more time.
        """

    @abstractmethod
    def follow(self, pixels: NDArray[np.uint8], face: Face) -> Face | None:
        """Return the face near the place and size of `face`, looked at closely; None where there is none."""
