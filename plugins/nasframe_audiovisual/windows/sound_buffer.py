"""The sound of a clip on its way into windows: the newest seconds, and which of them were recorded."""

from __future__ import annotations

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from nasframe_audiovisual.media import Sound

__all__ = ["SoundBuffer"]


@define
class SoundBuffer:
    """Samples by their number on the clip's clock. Holes are zeros, as a player plays them.

    Attributes:
        first: number of the first sample that was recorded; None before it has come.
        end: number after the last sample that came.
        heard_end: number after the last one that was recorded.
    """

    first: int | None = None
    end: int = 0
    heard_end: int = 0
    _pieces: list[tuple[int, NDArray[np.float32]]] = field(factory=list)

    def add(self, sound: Sound) -> None:
        """Take the next piece."""
        self._pieces.append((sound.start, sound.samples))
        self.end = sound.start + len(sound.samples)
        if sound.heard:
            self.first = sound.start if self.first is None else self.first
            self.heard_end = self.end

    def cut(self, start: int, length: int) -> NDArray[np.float32]:
        """Return `length` samples from number `start`, zeros where none came."""
        found = np.zeros(length, np.float32)
        for first, samples in self._pieces:
            low, high = max(start, first), min(start + length, first + len(samples))
            if low < high:
                found[low - start : high - start] = samples[low - first : high - first]
        return found

    def forget(self, before: int) -> None:
        """Let go of pieces that end before a sample's number."""
        keep = next(
            (place for place, (first, samples) in enumerate(self._pieces) if first + len(samples) > before),
            len(self._pieces),
        )
        del self._pieces[:keep]
