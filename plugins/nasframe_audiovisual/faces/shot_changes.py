"""Hard cuts between two shots, found in small copies of the pictures."""

from __future__ import annotations

from collections import deque

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from nasframe_audiovisual.faces.opencv import single_threaded

__all__ = ["ShotChanges", "thumbnail"]

SIDE = 24
"""Height and width of the small copy, in pixels."""

LEAST = 7.0
"""Smallest difference of a cut, in grey levels of 255."""

TIMES = 2.5
"""A cut differs this many times more than the pictures before it and the one after it do."""

SPREAD = 0.25
"""Part of the picture that a cut changes, at least: a caption that appears is no cut."""

VISIBLE = 10.0
"""Difference of a part that has changed, in grey levels."""

MOST_GAIN = 1.7
"""Change of contrast that is no change of the shot."""

RECENT = 10
"""Number of differences that a new one is compared with."""


def thumbnail(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return a small copy of a picture, `(SIDE, SIDE, 3)`, float32; of each pixel the mean of some 16."""
    step = max(1, min(pixels.shape[:2]) // (4 * SIDE))
    pixels = np.ascontiguousarray(pixels[::step, ::step])
    with single_threaded() as cv2:
        return np.asarray(cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float32)


@define
class ShotChanges:
    """Says of each picture whether a new shot begins with it; it needs the picture after it as well."""

    _recent: deque[float] = field(factory=lambda: deque(maxlen=RECENT))

    def begins(
        self, before: NDArray[np.float32], here: NDArray[np.float32], after: NDArray[np.float32] | None
    ) -> bool:
        """Return True where `here` begins a new shot.

        Args:
            before: small copy of the picture before.
            here: of the picture itself.
            after: of the one after it; None: there is none.
        """
        change, spread = difference(before, here)
        others = list(self._recent)
        if after is not None:
            others.append(difference(here, after)[0])  # motion goes on, a cut does not
        bar = max(LEAST, TIMES * max(others, default=0.0))
        # a flash is gone in the picture after it
        stays = after is None or difference(before, after)[0] >= bar
        if change >= bar and spread >= SPREAD and stays:
            self._recent.clear()
            return True
        self._recent.append(change)
        return False


def difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> tuple[float, float]:
    """Return the mean absolute difference of two small copies in grey levels, and the part that has changed.

    A change of brightness of the whole picture is taken out, and one of contrast up to `MOST_GAIN` where that
    explains more: light flickers, and cameras adapt to it.
    """
    one, other = one - one.mean(), other - other.mean()
    gain = np.sqrt((np.square(other).sum() + 1) / (np.square(one).sum() + 1))
    half = np.sqrt(np.clip(gain, 1 / MOST_GAIN, MOST_GAIN))
    changes = [one - other, one * half - other / half]
    change = min((np.abs(change - np.median(change)) for change in changes), key=np.mean)
    return float(change.mean()), float((change.max(-1) > VISIBLE).mean())
