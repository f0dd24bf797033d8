"""Pictures that lie on their side are turned the way in which a detector sees faces upright."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nasframe_audiovisual.faces import FaceDetector
from nasframe_audiovisual.media import AS_STORED, QUARTER_TURNS, Orientation, play_pictures

__all__ = ["turn_of_lying"]

LOOKS = 6
"""Pictures that are looked at, at most."""

LEAD = 8.0
"""Evidence by which one way leads the others so far that no more pictures are looked at: that of two faces
of which a detector is sure."""

EVERY = 0.2
"""Seconds between two of them."""

SMALLEST = 0.15
"""Side of the smallest face that is looked for, in parts of the picture's shorter side."""

_TURNS: Mapping[Orientation, int] = {QUARTER_TURNS[0]: -1, QUARTER_TURNS[1]: 1, AS_STORED: 0}
"""The orientations, each with its quarter turns against the clock; of equal ones the first is taken."""


def turn_of_lying(path: Path, detector: FaceDetector) -> Orientation:
    """Return how to turn pictures that are said to lie on their side, where their container does not say it.

    Nobody says on which side they lie. So the first pictures are looked at in both ways, and as they are
    stored: a program that encoded them anew may have turned them already. The way with the most evidence for
    faces is taken, and a quarter turn clockwise where there is none, or from a detector that looks at no
    pixel.

    Args:
        path: of the file with the pictures.
        detector: finds the faces.

    Raises:
        ClipError: the file cannot be decoded.
    """
    evidence = dict.fromkeys(_TURNS, 0.0)
    for picture in itertools.islice(play_pictures(path, 0.0, EVERY), LOOKS):
        for turn, quarters in _TURNS.items():
            turned = np.ascontiguousarray(np.rot90(picture.pixels, quarters))
            evidence[turn] += _evidence(turned, detector)
        *_, second, best = sorted(evidence.values())
        if best - second >= LEAD:
            break
    return max(evidence, key=lambda turn: evidence[turn])


def _evidence(pixels: NDArray[np.uint8], detector: FaceDetector) -> float:
    """Return the evidence of the surest face in a picture; 0 for none."""
    proposed = detector.find(pixels, SMALLEST, thorough=True)
    faces = (detector.follow(pixels, face) for face in proposed)
    return max((face.evidence for face in faces if face is not None), default=0.0)
