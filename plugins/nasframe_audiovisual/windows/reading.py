"""A clip read from its start to its end, once, as windows that overlap by half."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs
import numpy as np
from attrs import define, field, frozen

from nasframe_audiovisual.faces import (
    NO_FACE,
    FaceDetector,
    FaceSettings,
    FaceTracker,
    Located,
    NoSquare,
    crop,
    window_square,
)
from nasframe_audiovisual.media import REASONS, SAMPLE_RATE, ClipError, Picture, Sound, play
from nasframe_audiovisual.windows.excerpts import Excerpt, LeftOut
from nasframe_audiovisual.windows.flaws import flaw_of
from nasframe_audiovisual.windows.recording import Recording, Window
from nasframe_audiovisual.windows.sound_buffer import SoundBuffer

__all__ = ["first_window", "nothing_used", "read_windows"]

SLACK = 1024
"""Samples of sound that may be missing at either end of a window: a frame of AAC."""

MOST_WAITING = 48
"""Pictures that wait for their sound, beyond those of a window; after that there is none there."""


def read_windows(path: Path, window: Window, faces: FaceSettings) -> Iterator[Excerpt | LeftOut]:
    """Yield the windows of a clip in order of time, and the parts that are left out.

    Each shot has windows that begin every half window, and one that ends with it. None spans a cut. The first
    begins `trim` seconds after the start of the clip, or where pictures and sound have both begun. The clip
    is decoded once, and memory does not grow with its length.

    A clip in which no face is found is read once more with its pictures upside down, as some cameras hang.

    Raises:
        ClipError: the file cannot be decoded; at the first item.
    """
    left_out: list[LeftOut] = []
    for upside_down in (False, True):
        waiting: list[LeftOut] | None = []
        for part in _read(path, window, faces, upside_down):
            if waiting is not None and isinstance(part, LeftOut):
                waiting.append(part)
                continue
            yield from waiting or ()
            waiting = None
            yield part
        if waiting is None:
            return
        left_out = left_out or waiting
        if not any(part.reason == NO_FACE for part in waiting):
            break
    yield from left_out


def _read(path: Path, window: Window, faces: FaceSettings, upside_down: bool) -> Iterator[Excerpt | LeftOut]:
    """Yield the windows of a clip and the parts that are left out."""
    reader = _Reader(path, window, faces.make(), upside_down)
    for part in play(path, window.trim + window.step / 2, window.step):
        if isinstance(part, Picture):
            yield from reader.see(part)
        else:
            yield from reader.hear(part)
    yield from reader.finish()


def first_window(path: Path, window: Window, faces: FaceSettings) -> Excerpt:
    """Return the first window of a clip that can be judged.

    Raises:
        ClipError: the file cannot be decoded, or has none; see `nothing_used`.
    """
    left_out = []
    for part in read_windows(path, window, faces):
        if isinstance(part, Excerpt):
            return part
        left_out.append(part)
    raise nothing_used(path, left_out)


def nothing_used(path: Path, left_out: list[LeftOut]) -> ClipError:
    """Return the error for a clip without a window that can be judged: the reason of most of its time."""
    total: dict[str, float] = {}
    for part in left_out:
        total[part.reason] = total.get(part.reason, 0.0) + part.end - part.start
    alone = {name: total.pop(name) for name in ("no-pictures", "no-sound") if name in total}
    if total:
        reason = max(total, key=lambda name: total[name])
    elif alone:
        reason = "no-overlap"
    else:
        reason = "too-short"
    return ClipError(path, REASONS[reason], reason)


@define
class _Shot:
    """Consecutive pictures without a cut.

    Attributes:
        end: number after its last picture so far.
        next: number of the first picture of its next window.
        pictures: how many there are so far.
        covered: number after the last picture of its last window; None before the first window.
        closed: whether no picture follows.
    """

    end: int
    next: int
    pictures: int = 0
    covered: int | None = None
    closed: bool = False


@frozen
class _Seen:
    """A picture with its number, counted from the first moment on, and its faces."""

    number: int
    picture: Picture
    located: Located


@define
class _Reader:
    """Collects pictures and sound until a window is whole."""

    path: Path
    window: Window
    detector: FaceDetector
    upside_down: bool = False
    sound: SoundBuffer = field(factory=SoundBuffer)
    _tracker: FaceTracker = field(init=False)
    _unseen: deque[Picture] = field(factory=deque)  # the tracker has not decided on their faces
    _seen: deque[_Seen] = field(factory=deque)
    _shots: deque[_Shot] = field(factory=deque)
    _shot: int = -1
    _origin: float | None = None  # the second from which windows count, where the pictures begin
    _given_up: int = 0  # number of the sample up to which sound is not waited for
    _waited_from: int = 0  # and from which
    _finished: bool = False

    def __attrs_post_init__(self) -> None:
        self._tracker = FaceTracker(self.detector)

    def see(self, picture: Picture) -> Iterator[Excerpt | LeftOut]:
        """Take the next picture."""
        if self.upside_down:
            picture = Picture(picture.moment, np.ascontiguousarray(picture.pixels[::-1, ::-1]))
        self._unseen.append(picture)
        yield from self._decided(self._tracker.feed(picture.moment, picture.pixels))

    def hear(self, sound: Sound) -> Iterator[Excerpt | LeftOut]:
        """Take the next piece of sound.

        Raises:
            ClipError: pictures waited for it for too long.
        """
        late = sound.start + len(sound.samples) > self._waited_from + _HELD_BACK
        if sound.heard and late and sound.start < self._given_up:
            raise ClipError(
                self.path,
                f"its sound lies more than {MOST_WAITING * self.window.step:.0f} s of pictures behind in the "
                "file",
                "badly-interleaved",
            )
        self.sound.add(sound)
        yield from self._ready()

    def finish(self) -> Iterator[Excerpt | LeftOut]:
        """Yield what is left at the end of the file."""
        yield from self._decided(self._tracker.close())
        self._finished = True
        end = 0.0
        if self._shots:
            self._shots[-1].closed = True
            end = self._start(self._shots[-1].end)
            yield from self._ready()
        if (until := self.sound.heard_end / SAMPLE_RATE) - end > _WORTH_SAYING:
            yield LeftOut(end, until, "no-pictures")

    def _decided(self, pictures: Iterable[Located]) -> Iterator[Excerpt | LeftOut]:
        """Take the pictures whose shots and faces are known now."""
        for located in pictures:
            picture = self._unseen.popleft()
            if self._origin is None:
                self._origin = picture.moment - self.window.step / 2 - self.window.trim
            number = round((picture.moment - self._start(0)) / self.window.step - 0.5)
            last = self._shots[-1] if self._shots else None
            if last is None or located.shot != self._shot or number != last.end:
                before = 0.0 if last is None else self._start(last.end)
                if last is not None:
                    last.closed = True
                if self._start(number) - before > _WORTH_SAYING:
                    yield LeftOut(before, self._start(number), "no-pictures")
                self._shots.append(_Shot(number, number))
                self._shot = located.shot
            self._shots[-1].end = number + 1
            self._shots[-1].pictures += 1
            self._seen.append(_Seen(number, picture, located))
            yield from self._ready()

    def _ready(self) -> Iterator[Excerpt | LeftOut]:
        """Yield the windows that are whole by now."""
        while self._shots:
            shot = self._shots[0]
            if shot.next + self.window.frames <= shot.end:
                first = shot.next
            elif not shot.closed:
                return
            elif shot.covered is None or shot.end <= shot.covered:
                yield from self._rest(shot)
                if len(self._shots) == 1 and not self._finished:
                    return  # the next picture ends it in its own way
                self._shots.popleft()
                continue
            else:
                first = shot.end - self.window.frames
            until = self._sample(first) + self._length
            if not self._finished and self.sound.end < until:
                if len(self._seen) <= MOST_WAITING + self.window.frames:
                    return
                if not self._given_up:
                    self._waited_from = self.sound.end
                self._given_up = until
            yield from self._take(shot, first)
            self._forget()

    def _take(self, shot: _Shot, first: int) -> Iterator[Excerpt | LeftOut]:
        """Yield the window that begins with a picture, or why it is left out; the shot goes on behind it."""
        start, sample = self._start(first), self._sample(first)
        begun, ended = self.sound.first, self.sound.heard_end
        if begun is None or begun > sample + SLACK or ended < sample + self._length - SLACK:
            whole = (ended + SLACK) / SAMPLE_RATE - self._start(0)
            last = math.floor(whole / self.window.step + 1e-6)
            if begun is not None and begun <= sample + SLACK and shot.next < last < shot.end:
                # the sound ends inside the shot, and so does one of its windows
                self._shots.insert(1, attrs.evolve(shot, next=last, covered=None))
                shot.end, shot.closed = last, True
                return
            shot.next = first + 1
            if shot.covered is not None and shot.closed and shot.next + self.window.frames > shot.end:
                shot.covered = shot.end
            yield LeftOut(start, start + self.window.step, "no-sound")
            return
        hop = max(1, self.window.frames // 2)
        shot.next, shot.covered = first + hop, first + self.window.frames
        left_out = self._start(shot.covered if shot.closed and shot.covered >= shot.end else shot.next)
        seen = [one for one in self._seen if first <= one.number < shot.covered]
        square = window_square([one.located for one in seen], self.detector.margin)
        if isinstance(square, NoSquare):
            yield LeftOut(start, left_out, square.reason)
            return
        recording = Recording(
            np.stack([crop(one.picture.pixels, square, self.window.size) for one in seen]),
            self.sound.cut(sample, self._length),
        )
        if flaw := flaw_of(recording.pictures, recording.samples):
            yield LeftOut(start, left_out, flaw)
        else:
            yield Excerpt(start, start + self.window.seconds, recording, square, self.upside_down)

    def _rest(self, shot: _Shot) -> Iterator[LeftOut]:
        """Yield the end of a closed shot without a window."""
        start, end = self._start(shot.next), self._start(shot.end)
        if shot.covered is not None or start >= end:
            return
        if shot.pictures < self.window.frames:
            yield LeftOut(start, end, "too-short")
        elif end - start > _WORTH_SAYING:
            yield LeftOut(start, end, "no-sound")

    def _forget(self) -> None:
        """Let go of what no later window needs; the last one of a shot may begin before the next one."""
        needed = self._shots[0].next - self.window.frames
        while self._seen and self._seen[0].number < needed:
            self._seen.popleft()
        self.sound.forget(self._sample(needed))

    @property
    def _length(self) -> int:
        return round(self.window.seconds * SAMPLE_RATE)

    def _start(self, number: int) -> float:
        """Return the start of a window whose first picture has this number, in seconds."""
        return (self._origin or 0.0) + self.window.trim + number * self.window.step

    def _sample(self, number: int) -> int:
        """Return the number of the first sample of such a window."""
        return round(self._start(number) * SAMPLE_RATE)


_HELD_BACK = SAMPLE_RATE // 4
"""Samples at the end of the sound that may come late: a decoder and a resampler hold some back."""

_WORTH_SAYING = 0.5
"""Seconds of one stream alone that are named; streams that begin or end a little apart are usual."""
