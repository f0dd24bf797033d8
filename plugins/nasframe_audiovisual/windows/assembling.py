"""Pictures and sound of a clip become windows that overlap by half, as soon as a window is whole."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from attrs import define, field

from nasframe_audiovisual.faces import FaceDetector, FaceTracker, Located, NoSquare
from nasframe_audiovisual.media import SAMPLE_RATE, ClipError, Picture, Sound
from nasframe_audiovisual.windows.excerpts import WORTH_SAYING, Excerpt, LeftOut
from nasframe_audiovisual.windows.flaws import flaw_of
from nasframe_audiovisual.windows.interleaving import Interleaving
from nasframe_audiovisual.windows.recording import Recording
from nasframe_audiovisual.windows.seen_pictures import SeenPictures
from nasframe_audiovisual.windows.shot import Shot
from nasframe_audiovisual.windows.sound_buffer import MOST_AHEAD, SoundBuffer
from nasframe_audiovisual.windows.window import Window

__all__ = ["Assembler"]

SLACK = 1024
"""Samples of sound that may be missing at either end of a window: 64 ms, a frame of AAC at its usual rates
and more."""

HEARD = 0.6
"""Share of a window's sound that was recorded, at least: lost packets are a part of calls, and half a second
of 1.6 may be missing, but zeros that nobody recorded are not judged."""


@define
class Assembler:
    """Collects the pictures and the sound of a clip until a window is whole.

    Attributes:
        path: of the clip, for errors.
        window: the length of the windows, and their pictures.
        detector: finds the faces.
    """

    path: Path
    window: Window
    detector: FaceDetector
    _sound: SoundBuffer = field(init=False, factory=SoundBuffer)
    _interleaving: Interleaving = field(init=False)
    _tracker: FaceTracker = field(init=False)
    _unseen: deque[Picture] = field(init=False, factory=deque)  # the tracker has not decided on their faces
    _seen: SeenPictures = field(init=False)
    _shots: deque[Shot] = field(init=False, factory=deque)
    _shot: int = -1  # number of the last one in the clip
    _tracked: int = -1  # and by the tracker, for which a pause begins none
    _origin: float | None = None  # second at which the first picture is shown, from which windows count
    _finished: bool = False

    def __attrs_post_init__(self) -> None:
        self._interleaving = Interleaving(self.path)
        self._tracker = FaceTracker(self.detector)
        self._seen = SeenPictures(self.window.frames, self.window.size, self.detector.margin)

    def see(self, picture: Picture) -> Iterator[Excerpt | LeftOut]:
        """Take the next picture."""
        self._unseen.append(picture)
        self._interleaving.seen = picture.moment
        yield from self._decided(self._tracker.feed(picture.moment, picture.pixels))

    def hear(self, sound: Sound) -> Iterator[Excerpt | LeftOut]:
        """Take the next piece of sound.

        Raises:
            ClipError: it lies too far behind its pictures in the file, or they lie too far behind it.
        """
        self._interleaving.check(sound)
        self._sound.add(sound)
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
        if (until := self._sound.heard_end / SAMPLE_RATE) - end > WORTH_SAYING:
            yield LeftOut(end, until, "no-pictures")

    def _decided(self, pictures: Iterable[Located]) -> Iterator[Excerpt | LeftOut]:
        """Take the pictures whose shots and faces are known now."""
        for located in pictures:
            picture = self._unseen.popleft()
            if self._origin is None:
                self._origin = picture.moment - self.window.step / 2 - self.window.trim
            number = round((picture.moment - self._start(0)) / self.window.step - 0.5)
            last = self._shots[-1] if self._shots else None
            if last is not None and located.shot == self._tracked and number == last.end:
                last.end += 1
            else:
                yield from self._begin_shot(number, last)
                self._tracked = located.shot
            self._seen.add(number, self._shot, picture.pixels, located)
            yield from self._ready()

    def _begin_shot(self, number: int, last: Shot | None) -> Iterator[LeftOut]:
        """Begin a shot with the picture of this number."""
        if last is None:
            before, until = 0.0, self._origin or 0.0
        else:
            last.closed = True
            before, until = self._start(last.end), self._start(number)
        if until - before > WORTH_SAYING:
            yield LeftOut(before, until, "no-pictures")
        self._shots.append(Shot.at(number))
        self._shot += 1

    def _ready(self) -> Iterator[Excerpt | LeftOut]:
        """Yield the windows that are whole by now."""
        while self._shots:
            shot = self._shots[0]
            first = shot.following(self.window.frames)
            if first is None and not shot.closed:
                return
            until = self._sample(shot.end) if first is None else self._sample(first) + self._length
            if not self._finished and self._sound.end < until and self._interleaving.waits(until):
                return
            if first is None:
                yield from self._rest(shot)
                self._shots.popleft()
            else:
                yield from self._take(shot, first)
            self._forget()

    def _take(self, shot: Shot, first: int) -> Iterator[Excerpt | LeftOut]:
        """Yield the window that begins with a picture, or why it is left out; the shot goes on behind it."""
        start, sample = self._start(first), self._sample(first)
        begun, ended = self._sound.first, self._sound.heard_end
        if self._sound.lost(sample, self._length):
            raise ClipError(
                self.path,
                f"its pictures lie more than {MOST_AHEAD:.0f} s behind its sound in the file",
                "badly-interleaved",
            )
        if begun is None or begun > sample + SLACK or ended < sample + self._length - SLACK:
            whole = (ended + SLACK) / SAMPLE_RATE - self._start(0)
            last = math.floor(whole / self.window.step + 1e-6)
            if begun is not None and begun <= sample + SLACK and shot.next < last < shot.end:
                # the sound ends inside the shot, and so does one of its windows
                self._shots.insert(1, shot.cut_off(last))
                return
            shot.pass_over(first, self.window.frames)
            yield LeftOut(start, start + self.window.step, "no-sound")
            return
        shot.cover(first, self.window.frames)
        end = first + self.window.frames
        left_out = self._start(end if shot.closed and end >= shot.end else shot.next)
        square = self._seen.square(first)
        if isinstance(square, NoSquare):
            yield LeftOut(start, left_out, square.reason)
            return
        if self._sound.heard(sample, self._length) < HEARD * self._length:
            yield LeftOut(start, left_out, "no-sound")
            return
        recording = Recording(self._seen.cropped(first, square), self._sound.cut(sample, self._length))
        if flaw := flaw_of(recording.pictures, recording.samples):
            yield LeftOut(start, left_out, flaw)
        else:
            yield Excerpt(start, start + self.window.seconds, recording, square)

    def _rest(self, shot: Shot) -> Iterator[LeftOut]:
        """Yield a closed shot without a window: its parts with sound and without."""
        start, end = self._start(shot.next), self._start(shot.end)
        if shot.covered is not None or start >= end:
            return
        begun = min(end, max(start, (self._sound.first or 0) / SAMPLE_RATE))
        ended = max(begun, min(end, self._sound.heard_end / SAMPLE_RATE))
        if begun - start > WORTH_SAYING:
            yield LeftOut(start, begun, "no-sound")
        if ended - begun > SLACK / SAMPLE_RATE:
            yield LeftOut(begun, ended, "too-short")
        if end - ended > WORTH_SAYING:
            yield LeftOut(ended, end, "no-sound")

    def _forget(self) -> None:
        """Let go of what no later window needs."""
        if self._shots:
            needed = self._shots[0].needed(self.window.frames)
            self._seen.forget(needed)
            self._sound.forget(self._sample(needed))

    @property
    def _length(self) -> int:
        return round(self.window.seconds * SAMPLE_RATE)

    def _start(self, number: int) -> float:
        """Return the start of a window whose first picture has this number, in seconds."""
        return (self._origin or 0.0) + self.window.trim + number * self.window.step

    def _sample(self, number: int) -> int:
        """Return the number of the first sample of such a window."""
        return round(self._start(number) * SAMPLE_RATE)
