"""The pictures and the sound of a window of a clip."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

__all__ = ["Recording"]


@frozen
class Recording:
    """A window of a clip, decoded.

    Attributes:
        pictures: RGB `(frames, size, size, 3)`, uint8.
        samples: mono, `(seconds · SAMPLE_RATE,)`, float32, finite; full scale is from -1 to 1.
    """

    pictures: NDArray[np.uint8]
    samples: NDArray[np.float32]
