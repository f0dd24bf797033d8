"""The square of a window: one for all its pictures, so that the crop adds no motion."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from attrs import frozen

from nasframe_audiovisual.faces.face import Face, Square
from nasframe_audiovisual.faces.face_detector import LIKELY, SURE
from nasframe_audiovisual.faces.tracks import Located, TrackedFace

__all__ = ["NO_FACE", "SEVERAL_FACES", "NoSquare", "window_square"]

NO_FACE = "no-face"
"""No face is there for most of the window."""

SEVERAL_FACES = "several-faces"
"""A second face lasts as long and is not much smaller."""

MOST = 0.6
"""Share of the window's pictures in which a face must be."""

SMALLER = 1 / 3
"""A face is in the background where its side is a smaller part than this of the largest one's."""


@frozen
class NoSquare:
    """A window without a square.

    Attributes:
        reason: a word for scripts, `NO_FACE` or `SEVERAL_FACES`.
    """

    reason: str


def window_square(pictures: Sequence[Located], margin: float) -> Square | NoSquare:
    """Return the square to crop from all pictures of a window, or the reason why there is none.

    Args:
        pictures: of the window, all of one shot.
        margin: side of the crop, in sides of the face: that of the detector.

    Raises:
        ValueError: the window has no picture, or spans a cut.
    """
    if not pictures:
        raise ValueError("a window has at least one picture; found none")
    if len({picture.shot for picture in pictures}) != 1:
        raise ValueError(f"a window lies in one shot; found {sorted({p.shot for p in pictures})}")
    seen: defaultdict[int, list[TrackedFace]] = defaultdict(list)
    for picture in pictures:
        for tracked in picture.faces:
            seen[tracked.track].append(tracked)
    lasting = [_middle(faces) for faces in seen.values() if len(faces) >= MOST * len(pictures)]
    if not lasting:
        return NoSquare(NO_FACE)
    main = max(lasting, key=_rank)
    face = main.face
    # a photograph on the wall does not talk
    others = [
        one.face
        for one in lasting
        if one is not main and one.face.evidence >= LIKELY and one.moves >= main.moves
    ]
    if any(other.side > SMALLER * face.side and other.overlap(face) < 0.5 for other in others):
        return NoSquare(SEVERAL_FACES)
    side = max(1, round(face.side * margin))
    return Square(round(face.x - side / 2), round(face.y - side / 2), side)


def _sure(tracked: TrackedFace) -> bool:
    return tracked.face.evidence >= SURE


def _rank(tracked: TrackedFace) -> tuple[bool, bool, float]:
    """Return the rank of a face: the largest that is no chance; else one that moves, with most evidence."""
    return _sure(tracked), tracked.moves, tracked.face.side * tracked.face.evidence


def _middle(tracked: list[TrackedFace]) -> TrackedFace:
    """Return the median of place, side and evidence; it moves where it does so most of the time."""
    faces = [one.face for one in tracked]
    values = np.median([(face.x, face.y, face.side, face.evidence) for face in faces], axis=0)
    moves = 2 * sum(one.moves for one in tracked) >= len(tracked)
    return TrackedFace(tracked[0].track, Face(*map(float, values)), moves)
