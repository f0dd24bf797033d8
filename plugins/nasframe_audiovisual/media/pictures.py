"""The pictures on screen at even moments, by the time stamps of the frames."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import numpy as np
from attrs import define, frozen
from numpy.typing import NDArray

from nasframe_audiovisual.media.clip_error import ClipError
from nasframe_audiovisual.media.pauses import check_pause

__all__ = ["HELD", "Picture", "PictureTrack"]

HELD = 10.0
"""Seconds that a frame stays on screen while the next one is to come; then nothing is shown. Screen
recordings hold a frame for seconds, as a player shows it, but minutes of copies are no pictures."""

LAST_HELD = 1.0
"""Seconds that the last frame stays at most, if it says that it stays so long."""

OUT_OF_ORDER = 24
"""Frames in a row with stamps before those of other frames that may be left out."""

UNSUSPICIOUS = 0.25
"""Seconds after which the next frame comes so often that its time stamp needs no witness."""

BEFORE_ALL = 1.0
"""Seconds before the beginning of the clip at which no frame can be."""

EXACT = 1e-6
"""Seconds by which two times may differ that are the same: containers count in microseconds at best."""


@frozen
class Picture:
    """The picture that a player shows at a moment.

    Attributes:
        moment: seconds from second 0 of the clip.
        pixels: RGB `(height, width, 3)`, uint8, upright, with square pixels. Pictures of the same frame share
            it; do not write to it.
    """

    moment: float
    pixels: NDArray[np.uint8]


@define
class PictureTrack:
    """Keeps the frame on screen, and makes pictures of those frames alone that are on screen at a moment.

    A frame whose stamp jumps ahead of that of the next one was stamped wrongly, and is left out; so is one
    whose stamp is earlier than that of the frame on screen.

    Attributes:
        path: of the clip, for errors.
        first: second of the first moment; before the first frame, from its second on.
        step: seconds between two moments.
        made: makes the pixels of a frame.
        frames: number of frames that were added.
        begins: second at which the first frame is shown; None before it is known.
        paused: seconds so far in which nothing was on screen any more.
    """

    path: Path
    first: float
    step: float
    made: Callable[[av.VideoFrame], NDArray[np.uint8]]
    frames: int = 0
    begins: float | None = None
    paused: float = 0.0
    _next: int = 0  # number of the next moment
    _shown: tuple[av.VideoFrame, float] | None = None
    _following: tuple[av.VideoFrame, float] | None = None
    _left_out: int = 0

    def add(self, frame: av.VideoFrame, time: float | None) -> Sequence[Picture]:
        """Return the pictures of the moments before the frame that was added last.

        Args:
            frame: the next one.
            time: seconds from the clip's second 0, where the frame has a stamp.

        Raises:
            ClipError: time stamps that jump.
        """
        if time is None:
            last = self._following or self._shown
            if last is None:
                return ()
            time = last[1] + _duration(last[0])
        self.frames += 1
        if time < -BEFORE_ALL:
            self._leave_out(time)
            return ()
        if self._following is None:
            if self._shown is not None and -EXACT <= time - self._shown[1] <= UNSUSPICIOUS:
                self._left_out = 0
                return self._show(frame, time)
            if self._shown is not None and time < self._shown[1]:
                self._leave_out(time)
                return ()
            self._following = (frame, time)
            return ()
        if time < self._following[1] - EXACT:
            self._leave_out(time)
            if self._shown is None or time > self._shown[1]:
                self._following = (frame, time)
            return ()
        self._left_out = 0
        pictures = self._show(*self._following)
        self._following = (frame, time)
        return pictures

    @property
    def until(self) -> float:
        """Second at which the frame on screen appeared; 0 before the first one."""
        return self._shown[1] if self._shown is not None else 0.0

    @property
    def shown(self) -> float:
        """Seconds so far in which a frame was on screen."""
        return self.until - (self.begins or 0.0) - self.paused

    def finish(self) -> Sequence[Picture]:
        """Return the rest."""
        if self._shown and self._following and self._following[1] - self._shown[1] > HELD:
            self._following = None  # the last stamp alone, far away, is confirmed by none
        pictures = list(self._show(*self._following) if self._following else ())
        if self._shown is not None:
            frame, time = self._shown
            pictures += self._until(time + max(min(_duration(frame), LAST_HELD), 2 * self.step))
        return pictures

    def _leave_out(self, time: float) -> None:
        """Leave out one frame, this one at `time` or the one that came before and is later."""
        self._left_out += 1
        if self._left_out > OUT_OF_ORDER:
            raise ClipError(
                self.path,
                f"the time stamps of its pictures jump back to {time:.2f} s",
                "time-stamps",
            )

    def _show(self, frame: av.VideoFrame, time: float) -> Sequence[Picture]:
        """Show a frame from `time` on; return the pictures of the frame on screen until then."""
        pictures: Sequence[Picture] = ()
        if self._shown is None:
            self.begins = time
            self.first += time
        else:
            before = self._shown[1]
            check_pause(self.path, "pictures", before, time)
            pictures = self._until(min(time, before + HELD))
            self.paused += max(0.0, time - before - HELD)
        self._shown = (frame, time)
        return pictures

    def _until(self, end: float) -> Sequence[Picture]:
        """Return the picture on screen for all moments that are left before `end`."""
        if self.first + self._next * self.step >= end - EXACT:
            return ()
        assert self._shown is not None
        frame, time = self._shown
        self._next = max(self._next, math.ceil((time - EXACT - self.first) / self.step))
        count = math.ceil((end - EXACT - self.first) / self.step) - self._next
        if count <= 0:
            return ()
        moments = [self.first + number * self.step for number in range(self._next, self._next + count)]
        self._next += count
        pixels = self.made(frame)
        return [Picture(moment, pixels) for moment in moments]


def _duration(frame: av.VideoFrame) -> float:
    """Return the seconds that a frame says it is shown; 0 where it does not."""
    if not frame.duration or frame.time_base is None:
        return 0.0
    return max(0.0, frame.duration * float(frame.time_base))
