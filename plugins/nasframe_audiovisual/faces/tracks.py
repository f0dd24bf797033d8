"""Detections of one face in one shot, joined over time."""

from __future__ import annotations

from bisect import bisect_left

import numpy as np
from attrs import define, field, frozen

from nasframe_audiovisual.faces.face import Face

__all__ = ["BRIDGE", "HOLD", "Located", "Track", "TrackedFace"]

BRIDGE = 2.0
"""Seconds without a detection, at most, that are bridged between two of them."""

HOLD = 1.0
"""Seconds for which a face stays where it was seen first or last in a shot."""


@frozen
class TrackedFace:
    """A face at one moment.

    Attributes:
        track: number of its track, which no other face of the clip has.
        face: its place; the evidence is the mean of the track around the moment.
    """

    track: int
    face: Face


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
    """

    number: int
    moments: list[float] = field(factory=list)
    faces: list[Face] = field(factory=list)
    tried: list[float] = field(factory=list)

    @property
    def last(self) -> Face:
        """The face as it was found last."""
        return self.faces[-1]

    @property
    def evidence(self) -> float:
        """Mean evidence of all times at which it was looked for."""
        return sum(face.evidence for face in self.faces) / len(self.tried)

    def add(self, moment: float, face: Face | None) -> None:
        """Note that the face was looked for, and found or not."""
        self.tried.append(moment)
        if face is not None:
            self.moments.append(moment)
            self.faces.append(face)

    def forget(self, before: float) -> None:
        """Drop what is older than a moment, but the last detection."""
        first = min(bisect_left(self.moments, before), len(self.moments) - 1)
        del self.moments[:first], self.faces[:first]
        del self.tried[: bisect_left(self.tried, self.moments[0])]

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
        attempts = sum(start <= tried <= end for tried in self.tried)
        evidence = sum(face.evidence for face in self.faces[first:last]) / max(attempts, last - first)
        return TrackedFace(self.number, Face(*place, evidence))

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
