"""The parts of a clip that a network sees or that are left out."""

from __future__ import annotations

from attrs import frozen

from nasframe_audiovisual.faces import Square
from nasframe_audiovisual.windows.recording import Recording

__all__ = ["WORTH_SAYING", "Excerpt", "LeftOut"]

WORTH_SAYING = 0.5
"""Seconds of one stream alone that are named; streams that begin or end a little apart are usual."""


@frozen
class Excerpt:
    """A window of a clip that can be judged, with its place in the clip.

    Attributes:
        start, end: in seconds from the start of the clip.
        recording: its pictures and its sound.
        square: of the pictures, in pixels of the shown picture, after the turn where `upside_down`.
        upside_down: whether the pictures were turned by half a turn, without which no face was found.
    """

    start: float
    end: float
    recording: Recording
    square: Square
    upside_down: bool = False


@frozen
class LeftOut:
    """A part of a clip that cannot be judged.

    Attributes:
        start, end: in seconds from the start of the clip.
        reason: one of `REASONS`.
    """

    start: float
    end: float
    reason: str
