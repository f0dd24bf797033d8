"""The sound of a clip on the clip's clock: 16 kHz, mono, from sample 0, with the holes that it has.

Frames that follow each other without a gap are one run, which one resampler turns into samples. A gap, an
overlap, or a change of rate, layout or format begins a new run, placed by its own time stamp.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from nasframe_audiovisual.media.clip_error import ClipError
from nasframe_audiovisual.media.pauses import check_pause, check_pauses
from nasframe_audiovisual.media.resampling import PIECE, SAMPLE_RATE, Run

__all__ = ["Sound", "SoundTrack"]

LOUDEST = 16.0
"""The largest sample that a recorder may write: float sound may pass full scale, which is 1, by 24 dB."""

JITTER = 0.012
"""Seconds by which a time stamp may be off without meaning anything. A lost packet is 20 ms or more."""

UNCONFIRMED = 60.0
"""Seconds by which the first or the last stamp may be away from the others, where no other confirms it."""

LONGEST_OVERLAP = 1.0
"""Seconds of sound in a row that may lie in the past, and are left out."""

NOTHING = np.zeros(1, np.float32)
"""A sample that nobody recorded."""


@frozen
class Sound:
    """A piece of sound.

    Attributes:
        start: number of its first sample; sample 0 is at second 0 of the clip.
        samples: `(n,)`, float32, finite, 16 kHz, mono; full scale is from -1 to 1.
        heard: False where the clip holds no sound here: it was lost, or had not begun. The samples are then
            zeros that nobody recorded, one zero in memory whatever their number.
    """

    start: int
    samples: NDArray[np.float32]
    heard: bool


@define
class SoundTrack:
    """Turns decoded frames into consecutive pieces of sound.

    A time stamp is believed where it agrees with the end of the frame before, or where the next stamp says
    the same. One wrong stamp alone, or a missing one, changes nothing.

    Attributes:
        path: of the clip, for errors.
        filled: number of samples that were placed so far, holes included.
        read: second up to which frames were added, by their stamps.
    """

    path: Path
    filled: int = 0
    read: float = 0.0
    _given: int = 0
    _end: float | None = None  # of the frames that were placed, in seconds by their stamps
    _waiting: deque[tuple[av.AudioFrame, float | None]] = field(factory=deque)
    _run: Run | None = None
    _flushed: bool = False  # the run has given all that it had
    _holes: int = 0  # samples of all holes
    _kept: list[NDArray[np.float32]] = field(factory=list)
    _pieces: list[Sound] = field(factory=list)
    _overlap: int = 0  # samples of the run that are still before `filled`
    _left_out: int = 0  # samples in a row that were left out because they were

    def add(self, frame: av.AudioFrame, time: float | None) -> Sequence[Sound]:
        """Return the pieces that are complete.

        Args:
            frame: the next one; one without samples changes nothing.
            time: seconds from the clip's second 0, where the frame has a stamp.

        Raises:
            ClipError: samples that are no sound, or time stamps that jump.
        """
        if frame.samples:
            self._waiting.append((frame, time))
            begins = self.read if time is None else time
            self.read = max(self.read, begins + frame.samples / frame.sample_rate)
        while len(self._waiting) > self._witnesses():
            self._place()
        return self._ready() if self._pieces or self.filled - self._given >= PIECE else ()

    def flush(self) -> Sequence[Sound]:
        """Return all sound that was added and is held back: no more comes for a while, or ever."""
        while self._waiting:
            self._place()
        self._end_run()
        return self._ready()

    @property
    def heard(self) -> float:
        """Seconds of sound so far, without holes."""
        return (self.filled - self._holes) / SAMPLE_RATE

    def _witnesses(self) -> int:
        """Return how many frames after the first that waits are needed to place it."""
        if self._end is None or not self._waiting:
            return 2
        time = self._waiting[0][1]
        return 0 if time is None or abs(time - self._end) <= JITTER else 1

    def _place(self) -> None:
        """Place the first frame that waits."""
        if self._end is None:
            self._end = self._first_time()
            self._begin_run(self._waiting[0][0], self._end)
        frame, time = self._waiting.popleft()
        seconds = frame.samples / frame.sample_rate
        if gap := self._gap(time, seconds):
            self._end += gap
            self._begin_run(frame, self._end)
        assert self._run is not None
        if self._flushed or not self._run.takes(frame):
            self._begin_run(frame, None)
        self._end += seconds
        self._keep(self._run.samples_of(frame))

    def _first_time(self) -> float:
        """Return the second at which the first frame begins, by the first three stamps."""
        times, before = [], 0.0
        for frame, time in self._waiting:
            if time is not None:
                times.append(time - before)
            before += frame.samples / frame.sample_rate
        if not times:
            return 0.0
        if max(times) - min(times) <= UNCONFIRMED:
            return times[0]
        return sorted(times)[(len(times) - 1) // 2]

    def _gap(self, time: float | None, seconds: float) -> float:
        """Return the seconds between the last frame and one at `time`, below 0 for an overlap; 0 for none.

        The next stamp must tell of a gap, too; the smaller one is believed.
        """
        assert self._end is not None
        gap = 0.0 if time is None else time - self._end
        if abs(gap) <= JITTER:
            return 0.0
        following = self._waiting[0][1] if self._waiting else None
        if following is None:
            return gap if abs(gap) <= UNCONFIRMED else 0.0
        next_gap = following - self._end - seconds
        if abs(next_gap - gap) <= JITTER:
            return gap
        if gap * next_gap <= 0 or abs(next_gap) <= JITTER:
            return 0.0
        return min(gap, next_gap, key=abs)

    def _begin_run(self, frame: av.AudioFrame, time: float | None) -> None:
        """Begin a run with `frame`, at a second of the clip or, without one, after the run before."""
        self._end_run()
        self._run, self._flushed = Run.of(frame, self._run), False
        start = self.filled if time is None else round(time * SAMPLE_RATE)
        self._overlap = max(0, self.filled - start)
        if self._left_out + self._overlap > LONGEST_OVERLAP * SAMPLE_RATE:
            raise ClipError(
                self.path,
                f"the time stamps of its sound jump back from {self.filled / SAMPLE_RATE:.2f} to "
                f"{start / SAMPLE_RATE:.2f} s; expected no overlap of more than {LONGEST_OVERLAP:g} s",
                "time-stamps",
            )
        check_pause(self.path, "sound", self.filled / SAMPLE_RATE, start / SAMPLE_RATE)
        self._complete()
        if start > self.filled:
            self._leave_hole(start - self.filled)
        self._given = self.filled

    def _end_run(self) -> None:
        """Keep what the run still holds back."""
        if self._run is not None and not self._flushed:
            self._keep(self._run.rest())
            self._flushed = True

    def _leave_hole(self, length: int) -> None:
        """Make one piece of samples that nobody recorded."""
        heard = self.heard
        self._holes += length
        end = self.filled + length
        check_pauses(self.path, "sound", self._holes / SAMPLE_RATE, heard, end / SAMPLE_RATE)
        self._pieces.append(Sound(self.filled, np.broadcast_to(NOTHING, length), False))
        self.filled += length

    def _keep(self, parts: Sequence[NDArray[np.float32]]) -> None:
        """Keep samples of the run, without those that lie before what was placed already."""
        for samples in parts:
            left_out = min(self._overlap, len(samples))
            self._overlap -= left_out
            self._left_out += left_out
            if left_out == len(samples):
                continue
            self._left_out = 0
            self._kept.append(samples[left_out:])
            self.filled += len(samples) - left_out

    def _complete(self) -> None:
        """Make one piece of the samples that were kept."""
        if not self._kept:
            return
        samples = self._kept[0] if len(self._kept) == 1 else np.concatenate(self._kept)
        self._kept.clear()
        _check(self.path, samples, self._given)
        self._pieces.append(Sound(self._given, samples, True))
        self._given += len(samples)

    def _ready(self) -> Sequence[Sound]:
        """Return all pieces, and forget them."""
        self._complete()
        pieces, self._pieces = self._pieces, []
        return pieces


def _check(path: Path, samples: NDArray[np.float32], start: int) -> None:
    """Raise where float samples are no sound."""
    loudest = float(np.abs(samples).max())
    if loudest <= LOUDEST:  # False for what is no number
        return
    finite = np.isfinite(samples)
    if not finite.all():
        first = int(np.argmin(finite))
        message = (
            f"its sound holds {np.count_nonzero(~finite)} samples that are no finite number, the first, "
            f"{samples[first]}, at {(start + first) / SAMPLE_RATE:.2f} s"
        )
    else:
        moment = (start + int(np.argmax(np.abs(samples)))) / SAMPLE_RATE
        message = (
            f"its sound is {loudest:.9g} times as loud as full scale at {moment:.2f} s; "
            f"expected samples from -1 to 1, and none above {LOUDEST:g}"
        )
    raise ClipError(path, message, "bad-samples")
