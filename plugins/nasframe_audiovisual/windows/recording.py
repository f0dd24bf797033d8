"""A window of a clip: how long it is and which pictures it has, and what was recorded in it."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

__all__ = ["Recording", "Window"]


@frozen
class Window:
    """The length of the windows of a clip, and the number and size of their pictures.

    Attributes:
        trim: seconds left out at the start of both streams. Clips of one origin often begin alike, for
            example with silence; a network would learn that instead of its task.
        seconds: length of a window.
        frames: number of its pictures, taken at even intervals.
        size: height and width of a picture in pixels.
    """

    trim: float = 0.2
    seconds: float = 1.6
    frames: int = 16
    size: int = 64

    @property
    def step(self) -> float:
        """Seconds between two pictures."""
        return self.seconds / self.frames


@frozen
class Recording:
    """A window of a clip, decoded.

    Attributes:
        pictures: RGB `(frames, size, size, 3)`, uint8.
        samples: mono, `(seconds · SAMPLE_RATE,)`, float32, finite; full scale is from -1 to 1.
    """

    pictures: NDArray[np.uint8]
    samples: NDArray[np.float32]
