"""Records: a face that was found in a picture, and a square of its pixels."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

__all__ = ["Face", "Square", "distinct"]


@frozen
class Face:
    """A face in a picture: a square around brows, nose and mouth.

    Attributes:
        x: of its centre, in pixels from the left edge.
        y: of its centre, in pixels from the top edge.
        side: of the square, in pixels.
        evidence: how sure the detector is; 1 on average is enough for a face, and from
            `SURE` on it is no chance.
    """

    x: float
    y: float
    side: float
    evidence: float

    def overlap(self, other: Face) -> float:
        """Return the area that two squares share, as a part of the smaller one."""
        reach = (self.side + other.side) / 2
        smaller = min(self.side, other.side)
        width = min(smaller, reach - abs(self.x - other.x))
        height = min(smaller, reach - abs(self.y - other.y))
        return max(0.0, width) * max(0.0, height) / smaller**2


@frozen
class Square:
    """A square of a picture, in pixels; it may lie partly outside.

    Attributes:
        left: first column.
        top: first row.
        side: number of columns and rows.
    """

    left: int
    top: int
    side: int


def distinct(faces: Iterable[Face]) -> list[Face]:
    """Return the faces without those that share half of their area with a surer one, the largest first."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: (-face.evidence, -face.side, face.x, face.y)):
        if all(face.overlap(other) < 0.5 for other in kept):
            kept.append(face)
    return sorted(kept, key=lambda face: (-face.side, face.x, face.y))
