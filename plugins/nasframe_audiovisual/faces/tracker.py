"""Faces of a clip, followed from picture to picture while it is decoded."""

from __future__ import annotations

from collections import deque
from typing import TypeGuard

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from nasframe_audiovisual.faces.face import Face
from nasframe_audiovisual.faces.face_detector import LIKELY, SURE, FaceDetector
from nasframe_audiovisual.faces.shot_changes import ShotChanges, thumbnail
from nasframe_audiovisual.faces.tracks import BRIDGE, Located, Track, TrackedFace

__all__ = ["LOOK_AHEAD", "FaceTracker"]

LOOK_AHEAD = 2.0
"""Seconds of pictures after one that decide on its faces; one picture more is needed to tell a cut."""

EVERY = 0.2
"""Seconds between two pictures that are looked at."""

SCANS = (0.2, 0.4, 0.8, 2.0)
"""Seconds between two searches of the whole picture, from an empty new shot to one whose face is known."""

NEW = 1.6
"""Seconds for which a shot is new."""

SMALLEST = (0.15, 0.09)
"""Sides of the smallest face in parts of the picture's shorter side: that of every search, and that of every
second one besides, because small faces take long."""

USUAL = 0.32
"""Part of the picture's shorter side from which a face needs evidence of 1; a smaller one needs more, since a
picture has more squares of its size, and one of them is taken for a face by chance sooner."""

HOPELESS = 5
"""Number of looks after which a track with too little evidence is given up."""

_SLACK = 1e-6


@define
class FaceTracker:
    """Takes the pictures of a clip in order, and gives back, for each, where its faces are.

    Its memory does not grow with the clip; it holds one picture.
    """

    detector: FaceDetector
    _changes: ShotChanges = field(factory=ShotChanges, init=False)
    _shot: int = field(default=0, init=False)
    _tracks: list[Track] = field(factory=list, init=False)
    _made: int = field(default=0, init=False)
    _waiting: deque[float] = field(factory=deque, init=False)
    _next_look: float = field(default=-np.inf, init=False)
    _next_scan: float = field(default=-np.inf, init=False)
    _scans: int = field(default=0, init=False)
    _start: float = field(default=-np.inf, init=False)
    _held: tuple[float, NDArray[np.uint8], NDArray[np.float32]] | None = field(default=None, init=False)
    _before: tuple[tuple[int, ...], NDArray[np.float32]] | None = field(default=None, init=False)

    def feed(self, moment: float, pixels: NDArray[np.uint8]) -> list[Located]:
        """Take the next picture; return the pictures that are decided now, in order.

        Args:
            moment: in seconds, later than that of the picture before.
            pixels: RGB `(height, width, 3)`; kept until the next call.
        """
        small = thumbnail(pixels)
        decided = self._take(small) if self._held is not None else []
        self._held = (moment, pixels, small)
        return decided

    def close(self) -> list[Located]:
        """Return the pictures that are left: no more will come."""
        decided = self._take(None) if self._held is not None else []
        self._held = None
        return decided + self._decide(np.inf)

    def _take(self, after: NDArray[np.float32] | None) -> list[Located]:
        """Take the held picture, now that the one after it is known."""
        assert self._held is not None
        moment, pixels, small = self._held
        decided: list[Located] = []
        if self._before is not None:
            shape, before = self._before
            if shape != pixels.shape or self._changes.begins(before, small, after):
                decided = self._decide(np.inf)
                self._shot += 1
                self._tracks.clear()
                self._next_look = self._next_scan = self._start = -np.inf
        # after a pause there is nothing ahead that could decide on them, and their tracks are let go
        decided += self._decide(moment - LOOK_AHEAD - _SLACK)
        self._before = (pixels.shape, small)
        self._waiting.append(moment)
        if moment >= self._next_look - _SLACK:
            self._next_look = moment + EVERY
            self._look(moment, pixels)
        return decided + self._decide(moment - LOOK_AHEAD + _SLACK)

    def _look(self, moment: float, pixels: NDArray[np.uint8]) -> None:
        if self._start == -np.inf:
            self._start, self._scans = moment, 0
        for track in self._tracks:
            if _followed(track, moment):
                track.add(moment, self.detector.follow(pixels, track.last), pixels)
                track.forget(moment - 2 * LOOK_AHEAD)
        self._tracks = [track for track in self._tracks if track.moments[-1] >= moment - 2 * LOOK_AHEAD]
        least = self.detector.least
        sure = any(track.evidence >= SURE and len(track.moments) >= least for track in self._tracks)
        shorter = min(pixels.shape[:2])
        # hopeless ones are not worth their time, nor are chance detections beside a face
        self._tracks = [
            track
            for track in self._tracks
            if len(track.tried) < HOPELESS or track.evidence >= 0.3 * _needed(track.last.side, shorter)
        ]
        if sure:
            self._tracks = [
                track for track in self._tracks if track.evidence >= LIKELY or len(track.tried) < least
            ]
        if moment >= self._next_scan - _SLACK:
            # a face that is there now makes another one less likely
            there = any(track.moments[-1] == moment for track in self._tracks)
            self._next_scan = moment + _pause(moment < self._start + NEW, there, sure)
            self._scans += 1
            for smallest in SMALLEST[: 1 if there else 1 + self._scans % 2]:
                for proposed in self.detector.find(pixels, smallest, thorough=smallest == SMALLEST[0]):
                    self._join(moment, pixels, proposed)

    def _join(self, moment: float, pixels: NDArray[np.uint8], proposed: Face) -> None:
        """Begin a track where a new face is confirmed, or go on with one that was lost there."""
        if any(_followed(track, moment) and _same(track.last, proposed) for track in self._tracks):
            return
        face = self.detector.follow(pixels, proposed)
        if face is None:
            return
        same = [track for track in self._tracks if _same(track.last, face)]
        if not same:
            same = [Track(self._made)]
            self._tracks += same
            self._made += 1
        if not any(_followed(track, moment) for track in same):
            same[0].add(moment, face, pixels)

    def _decide(self, until: float) -> list[Located]:
        decided = []
        while self._waiting and self._waiting[0] <= until:
            moment = self._waiting.popleft()
            found = [track.at(moment, LOOK_AHEAD, self.detector.least) for track in self._tracks]
            decided.append(Located(moment, self._shot, tuple(face for face in found if self._lasts(face))))
        return decided

    def _lasts(self, found: TrackedFace | None) -> TypeGuard[TrackedFace]:
        """Return True where the evidence is enough for a face of this size."""
        assert self._before is not None
        shorter = min(self._before[0][:2])
        return found is not None and found.face.evidence >= _needed(found.face.side, shorter)


def _pause(new: bool, there: bool, sure: bool) -> float:
    """Return the seconds until the next search of the whole picture.

    Args:
        new: whether the shot began a moment ago.
        there: whether a face may be there.
        sure: whether one is followed that is no chance detection.
    """
    often, less, seldom, rarely = SCANS
    if new:
        return seldom if sure else less if there else often
    return rarely if sure else seldom


def _needed(side: float, shorter: int) -> float:
    """Return the evidence that a face of this side needs in a picture of this shorter side."""
    ratio = USUAL * shorter / side
    return ratio * min(1.0, ratio)


def _followed(track: Track, moment: float) -> bool:
    """Return True where a track was seen of late; one that was not is found by a search alone."""
    return bool(track.moments) and moment - track.moments[-1] <= BRIDGE + _SLACK


def _same(known: Face, found: Face) -> bool:
    """Return True where a found square is a known face or a part of it; not where it is much larger."""
    return found.side <= 2 * known.side and known.overlap(found) >= 0.5
