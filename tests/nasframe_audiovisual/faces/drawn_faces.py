"""Drawn people who talk: pictures of the embedded set, without its files."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from nasframe_deepfake.synthesis.identity import make_identity
from nasframe_deepfake.synthesis.session import ClipShape, Session

__all__ = ["talking"]


@functools.cache
def talking(person: int, seed: int = 20) -> list[NDArray[np.uint8]]:
    """Return twenty pictures `(112, 112, 3)`, ten a second, of a person of the set with a seed."""
    identity = make_identity(seed, person + 1)
    clip = Session(identity, ClipShape(seconds=2.0, rate=10), seed, person).clips(1)[0]
    return list(clip.frames)
