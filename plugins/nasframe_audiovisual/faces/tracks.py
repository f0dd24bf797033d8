"""Detections of one face in one shot, joined over time."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from attrs import define, field, frozen
from numpy.typing import NDArray

from nasframe_audiovisual.faces.face import Face
from nasframe_audiovisual.faces.stillness import changed, light

__all__ = ["BRIDGE", "HOLD", "Located", "Track", "TrackedFace"]

BRIDGE = 2.0
"""Seconds without a detection, at most, that are bridged between two of them."""

HOLD = 1.0
"""Seconds for which a face stays where it was seen first or last in a shot."""

MOVING = 0.25
"""Share of the looks at which a square has changed, from which on it moves: encoders refresh a still wall."""


@frozen
class TrackedFace:
    """A face at one moment.

    Attributes:
        track: number of its track, which no other face of the clip has.
        face: its place; the evidence is the mean of the track around the moment.
        moves: whether the pixels of its square change around the moment.
    """

    track: int
    face: Face
    moves: bool = True


@frozen
class Located:
    """The faces of one picture.

    Attributes:
        moment: of the picture, in seconds of the clip.
        shot: number of its shot, from 0 on.
        faces: on lasting tracks.
    """

    moment: float
    shot: int
    faces: tuple[TrackedFace, ...]


@define
class Track:
    """One face in a shot: the moments at which it was looked for, and where it was found.

    Attributes:
        number: of the track.
        moments: at which it was found, in seconds.
        faces: that were found then.
        tried: moments at which it was looked for.
        moved: for each of these, whether its square had changed since it was found there.
    """

    number: int
    moments: list[float] = field(factory=list)
    faces: list[Face] = field(factory=list)
    tried: list[float] = field(factory=list)
    moved: list[bool] = field(factory=list)
    _light: NDArray[np.float32] | None = None  # of its square, where it was found last

    @property
    def last(self) -> Face:
        """The face as it was found last."""
        return self.faces[-1]

    @property
    def evidence(self) -> float:
        """Mean evidence of all times at which it was looked for."""
        return sum(face.evidence for face in self.faces) / len(self.tried)

    def add(self, moment: float, face: Face | None, pixels: NDArray[np.uint8]) -> None:
        """Note that the face was looked for in a picture, and found or not."""
        self.tried.append(moment)
        self.moved.append(self._light is not None and changed(self._light, light(pixels, self.last)))
        if face is not None:
            self._light = light(pixels, face)
            self.moments.append(moment)
            self.faces.append(face)

    def forget(self, before: float) -> None:
        """Drop what is older than a moment, but the last detection."""
        first = min(bisect_left(self.moments, before), len(self.moments) - 1)
        del self.moments[:first], self.faces[:first]
        first = bisect_left(self.tried, self.moments[0])
        del self.tried[:first], self.moved[:first]

    def at(self, moment: float, around: float, least: int) -> TrackedFace | None:
        """Return the face at a moment, between detections by interpolation; None where it is not there.

        Args:
            moment: in seconds.
            around: seconds before and after that are looked at.
            least: number of detections among them that make a face.
        """
        first, last = bisect_left(self.moments, moment - around), bisect_left(self.moments, moment + around)
        if last - first < least:
            return None
        place = self._place(moment)
        if place is None:
            return None
        start, end = self.moments[first], self.moments[last - 1]
        moved = [moved for tried, moved in zip(self.tried, self.moved, strict=True) if start <= tried <= end]
        evidence = sum(face.evidence for face in self.faces[first:last]) / max(len(moved), last - first)
        return TrackedFace(self.number, Face(*place, evidence), sum(moved) >= MOVING * len(moved))

    def _place(self, moment: float) -> tuple[float, float, float] | None:
        """Return x, y and side at a moment."""
        after = bisect_left(self.moments, moment)
        ends = [index for index in (after - 1, after) if 0 <= index < len(self.moments)]
        if not ends:
            return None
        if len(ends) == 2 and self.moments[after] - self.moments[after - 1] <= BRIDGE + 1e-6:
            share = (moment - self.moments[after - 1]) / (self.moments[after] - self.moments[after - 1])
            one, other = (np.array([face.x, face.y, face.side]) for face in self.faces[after - 1 : after + 1])
            x, y, side = one + share * (other - one)
            return float(x), float(y), float(side)
        nearest = min(ends, key=lambda index: abs(self.moments[index] - moment))
        if abs(self.moments[nearest] - moment) > HOLD:
            return None
        face = self.faces[nearest]
        return face.x, face.y, face.side
