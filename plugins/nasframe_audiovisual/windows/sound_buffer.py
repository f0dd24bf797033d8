"""The sound of a clip on its way into windows: what they may still need, and which of it was recorded."""

from __future__ import annotations

import itertools
from collections import deque

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from nasframe_audiovisual.media import SAMPLE_RATE, Sound

__all__ = ["HEAD", "MOST_AHEAD", "SoundBuffer"]

MOST_AHEAD = 300.0
"""Seconds of sound that are kept for pictures that come later in the file: 19 MB."""

HEAD = 60.0
"""The oldest of them stay: the last pictures before an end or a pause are told from others by what follows,
and sound may go on alone for hours."""


@define
class SoundBuffer:
    """Samples by their number on the clip's clock. Holes are zeros, as a player plays them, and take no room.

    Attributes:
        first: number of the first sample that was recorded; None before it has come.
        end: number after the last sample that came.
        heard_end: number after the last one that was recorded.
    """

    first: int | None = None
    end: int = 0
    heard_end: int = 0
    _head: deque[tuple[int, NDArray[np.float32]]] = field(factory=deque)
    _rest: deque[tuple[int, NDArray[np.float32]]] = field(factory=deque)
    _in_head: int = 0  # samples of the pieces of the head
    _in_rest: int = 0
    _lost: tuple[int, int] = (0, 0)  # sound between both that was let go because too much of it had come

    def add(self, sound: Sound) -> None:
        """Take the next piece."""
        self.end = sound.start + len(sound.samples)
        if not sound.heard:
            return
        self.first = sound.start if self.first is None else self.first
        self.heard_end = self.end
        self._rest.append((sound.start, sound.samples))
        self._in_rest += len(sound.samples)
        self._fill_head()
        while self._rest and self._in_head + self._in_rest > MOST_AHEAD * SAMPLE_RATE:
            start, samples = self._rest.popleft()
            self._in_rest -= len(samples)
            self._lost = (self._lost[0] if self._parted else start, start + len(samples))

    def lost(self, start: int, length: int) -> bool:
        """Return True where some of `length` samples from number `start` came, and were let go."""
        return max(start, self._lost[0]) < min(start + length, self._lost[1])

    def cut(self, start: int, length: int) -> NDArray[np.float32]:
        """Return `length` samples from number `start`, zeros where none were recorded."""
        found = np.zeros(length, np.float32)
        for first, samples in itertools.chain(self._head, self._rest):
            low, high = max(start, first), min(start + length, first + len(samples))
            if low < high:
                found[low - start : high - start] = samples[low - first : high - first]
        return found

    def heard(self, start: int, length: int) -> int:
        """Return how many of `length` samples from number `start` were recorded."""
        return sum(
            max(0, min(start + length, first + len(samples)) - max(start, first))
            for first, samples in itertools.chain(self._head, self._rest)
        )

    def forget(self, before: int) -> None:
        """Let go of pieces that end before a sample's number."""
        while self._head and self._head[0][0] + len(self._head[0][1]) <= before:
            self._in_head -= len(self._head.popleft()[1])
            self._fill_head()

    @property
    def _parted(self) -> bool:
        """True where sound was let go between the head and the rest."""
        return bool(self._head) and self._head[-1][0] < self._lost[0]

    def _fill_head(self) -> None:
        """Move the oldest pieces of the rest to the head, as far as nothing is missing between them."""
        while self._rest and self._in_head < HEAD * SAMPLE_RATE and not self._parted:
            piece = self._rest.popleft()
            self._head.append(piece)
            self._in_rest -= len(piece[1])
            self._in_head += len(piece[1])
