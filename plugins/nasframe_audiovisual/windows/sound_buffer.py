"""The sound of a clip on its way into windows: the newest seconds, and which of them were recorded."""

from __future__ import annotations

from collections import deque

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from nasframe_audiovisual.media import SAMPLE_RATE, Sound

__all__ = ["MOST_AHEAD", "SoundBuffer"]

MOST_AHEAD = 300.0
"""Seconds of sound that are kept for pictures that come later in the file: 19 MB."""


@define
class SoundBuffer:
    """Samples by their number on the clip's clock. Holes are zeros, as a player plays them, and take no room.

    Attributes:
        first: number of the first sample that was recorded; None before it has come.
        end: number after the last sample that came.
        heard_end: number after the last one that was recorded.
        lost: number before which there was sound that was let go because too much of it had come.
    """

    first: int | None = None
    end: int = 0
    heard_end: int = 0
    lost: int = 0
    _pieces: deque[tuple[int, NDArray[np.float32]]] = field(factory=deque)
    _kept: int = 0  # samples of the pieces

    def add(self, sound: Sound) -> None:
        """Take the next piece."""
        self.end = sound.start + len(sound.samples)
        if not sound.heard:
            return
        self.first = sound.start if self.first is None else self.first
        self.heard_end = self.end
        self._pieces.append((sound.start, sound.samples))
        self._kept += len(sound.samples)
        while self._kept > MOST_AHEAD * SAMPLE_RATE:
            self.lost = self._drop()

    def cut(self, start: int, length: int) -> NDArray[np.float32]:
        """Return `length` samples from number `start`, zeros where none were recorded."""
        found = np.zeros(length, np.float32)
        for first, samples in self._pieces:
            low, high = max(start, first), min(start + length, first + len(samples))
            if low < high:
                found[low - start : high - start] = samples[low - first : high - first]
        return found

    def heard(self, start: int, length: int) -> int:
        """Return how many of `length` samples from number `start` were recorded."""
        return sum(
            max(0, min(start + length, first + len(samples)) - max(start, first))
            for first, samples in self._pieces
        )

    def forget(self, before: int) -> None:
        """Let go of pieces that end before a sample's number."""
        while self._pieces and self._pieces[0][0] + len(self._pieces[0][1]) <= before:
            self._drop()

    def _drop(self) -> int:
        """Let go of the first piece; return the number after its last sample."""
        start, samples = self._pieces.popleft()
        self._kept -= len(samples)
        return start + len(samples)
