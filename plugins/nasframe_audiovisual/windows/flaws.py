"""Pictures and sound in which there is nothing to judge: black, frozen, digital silence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasframe_audiovisual.faces import PARTS, STILL

__all__ = ["flaw_of"]

DARK = 24
"""Pictures without a part as bright as this, of 255, are black."""

SILENT = 2.0**-13
"""Sound that never passes this, of full scale 1, is silent: a sixteen-bit recorder's last two bits."""


def flaw_of(pictures: NDArray[np.uint8], samples: NDArray[np.float32]) -> str:
    """Return `black`, `frozen`, `silence`, or "" where there is something to judge.

    Args:
        pictures: RGB `(frames, size, size, 3)`.
        samples: `(samples,)`, full scale from -1 to 1.
    """
    light = _light(pictures)
    if light.max() < DARK:
        return "black"
    if np.abs(light - light[:1]).max() <= STILL:
        return "frozen"
    return "silence" if np.abs(samples).max() <= SILENT else ""


def _light(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the mean light of parts of each picture `(frames, parts, parts)`."""
    frames, size = pictures.shape[:2]
    parts = min(PARTS, size)
    edge = size // parts
    whole = pictures[:, : parts * edge, : parts * edge].astype(np.float32).mean(3)
    light = whole.reshape(frames, parts, edge, parts, edge).mean((2, 4))
    return np.asarray(light, np.float32)
