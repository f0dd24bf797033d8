"""The part of a clip around one of its windows, whole: what an encoder would have got."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from nasframe_audiovisual.faces import FaceDetector, Square, crop
from nasframe_audiovisual.media import AS_STORED, SAMPLE_RATE, ClipError, Picture, Sound, play, play_apart
from nasframe_audiovisual.windows.excerpts import Excerpt
from nasframe_audiovisual.windows.lying import turn_of_lying
from nasframe_audiovisual.windows.recording import Recording
from nasframe_audiovisual.windows.window import Window

__all__ = ["Footage", "WindowPlace", "read_footage"]

LEAD = 1.0
"""Seconds before the window: an encoder writes its pictures by means of those before them."""

TAIL = 0.2
"""Seconds of sound behind the window, so that it does not end where the sound does."""

LEAST_RATE = 25
"""Pictures a second, at least: those of the usual clip. Each of the window is among them."""

LATE = 35.0
"""Seconds of pictures behind the window after which no more sound of it can come; see `Interleaving`."""


@frozen
class WindowPlace:
    """The place of a window in its clip.

    Attributes:
        start: in seconds from the start of the clip.
        square: of its pictures, in pixels of the shown picture, after the turn where `upside_down`.
        upside_down: whether the pictures were turned by half a turn; see `Excerpt`.
    """

    start: float
    square: Square
    upside_down: bool

    @classmethod
    def of(cls, excerpt: Excerpt) -> WindowPlace:
        """Return the place of an excerpt."""
        return cls(excerpt.start, excerpt.square, excerpt.upside_down)


@frozen
class Footage:
    """The pictures and the sound up to the end of a window, from `LEAD` seconds before it on.

    Attributes:
        pictures: RGB `(height, width, 3)`, uint8, as a player shows them; none is written to.
        rate: of them in a second.
        shown: the numbers of those that the window has.
        samples: mono `(n,)`, float32, 16 kHz; zeros where nothing was recorded.
        first_sample: number of the first of the window.
        window: its length, and the number and size of its pictures.
        place: of the window in the clip.
    """

    pictures: Sequence[NDArray[np.uint8]] = field(repr=False)
    rate: float
    shown: Sequence[int]
    samples: NDArray[np.float32] = field(repr=False)
    first_sample: int
    window: Window
    place: WindowPlace

    def pictures_of_window(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """Return the square of whole pictures, one for each of the window: `(frames, size, size, 3)`."""
        turned = [pixels[::-1, ::-1] if self.place.upside_down else pixels for pixels in pictures]
        return np.stack(
            [crop(np.ascontiguousarray(pixels), self.place.square, self.window.size) for pixels in turned]
        )

    def samples_of_window(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the part of the window of sound that is as long as `samples`."""
        return samples[self.first_sample : self.first_sample + _samples(self.window.seconds)]

    @property
    def recording(self) -> Recording:
        """The window as it is, without any change."""
        shown = [self.pictures[number] for number in self.shown]
        return Recording(self.pictures_of_window(shown), self.samples_of_window(self.samples))


def read_footage(
    path: Path,
    window: Window,
    place: WindowPlace,
    detector: FaceDetector,
    sound_file: Path | None = None,
    lying: bool = False,
) -> Footage:
    """Return the part of a clip around a window of it.

    Its `recording` is that of the window, to the bit. Memory holds two to three seconds of whole pictures.

    Args:
        path, window, detector, sound_file, lying: with which `read_windows` found the window.
        place: of the window.

    Raises:
        ClipError: the file cannot be decoded, or is no longer the one in which the window was found.
    """
    parts = max(1, math.ceil(LEAST_RATE * window.step - 1e-9))
    step, first = window.step / parts, window.trim + window.step / 2
    first -= step * math.floor(first / step + 1e-9)  # from the first picture on
    unsaid = turn_of_lying(path, detector) if lying else AS_STORED
    if sound_file is None:
        played = play(path, max(0.0, first), step, unsaid=unsaid)
    else:
        played = play_apart(path, sound_file, max(0.0, first), step, unsaid=unsaid)
    taken = _Taken(place.start - LEAD - step / 4, place.start + window.seconds)
    for part in played:
        if taken.is_whole_with(part):
            break
    moments = [place.start + (number + 0.5) * window.step for number in range(window.frames)]
    shown = [_nearest(taken.moments, moment) for moment in moments]
    if any(
        number is None or abs(taken.moments[number] - moment) > step / 4
        for number, moment in zip(shown, moments, strict=True)
    ):
        raise ClipError(path, "has no pictures any more where its window was found", "no-pictures")
    return Footage(
        taken.pictures,
        1 / step,
        [number for number in shown if number is not None],
        taken.samples,
        _samples(place.start) - taken.first_sample,
        window,
        place,
    )


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def _nearest(moments: Sequence[float], moment: float) -> int | None:
    return min(range(len(moments)), key=lambda number: abs(moments[number] - moment), default=None)


@define
class _Taken:
    """The pictures and samples between two seconds of a clip."""

    begin: float
    end: float
    pictures: list[NDArray[np.uint8]] = field(factory=list)
    moments: list[float] = field(factory=list)
    first_sample: int = field(init=False)
    samples: NDArray[np.float32] = field(init=False)
    _heard: int = 0
    _seen: float = 0.0

    def __attrs_post_init__(self) -> None:
        self.first_sample = max(0, _samples(self.begin))
        self.samples = np.zeros(max(0, _samples(self.end + TAIL) - self.first_sample), np.float32)

    def is_whole_with(self, part: Picture | Sound) -> bool:
        """Take a part of the clip; return True where no more is needed."""
        if isinstance(part, Picture):
            self._seen = part.moment
            if self.begin <= part.moment < self.end:
                self.moments.append(part.moment)
                self.pictures.append(part.pixels)
        else:
            self._heard = part.start + len(part.samples)
            if part.heard:
                self._hear(part)
        whole = self._heard >= self.first_sample + len(self.samples) or self._seen > self.end + LATE
        return whole and self._seen >= self.end

    def _hear(self, sound: Sound) -> None:
        low = max(sound.start, self.first_sample)
        high = min(sound.start + len(sound.samples), self.first_sample + len(self.samples))
        if low < high:
            piece = sound.samples[low - sound.start : high - sound.start]
            self.samples[low - self.first_sample : high - self.first_sample] = piece
