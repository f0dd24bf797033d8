"""A decoded frame as a player shows it: RGB, upright, with square pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import cast

import av
import numpy as np
from attrs import define, field
from av.sidedata.sidedata import SideData, SideDataContainer, Type
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

__all__ = ["AS_STORED", "LARGEST", "QUARTER_TURNS", "Display", "Fit", "Orientation", "at_most"]

LARGEST = 1280
"""Pixels of the longer side of a picture; larger ones are reduced."""

WIDEST_PIXEL = 4
"""A pixel that is wider or higher than this is taken for an error and shown as a square, as players do."""

_side_data = cast("Callable[[av.VideoFrame], Iterable[SideData]]", SideDataContainer)
# Not `frame.side_data`: the frame keeps that, which keeps the frame, so that both wait for the collector.

Orientation = tuple[bool, bool, bool]
"""The steps before a frame is shown: exchange the axes, then mirror, then flip."""

AS_STORED: Orientation = (False, False, False)

QUARTER_TURNS: tuple[Orientation, Orientation] = ((True, True, False), (True, False, True))
"""A quarter turn clockwise, and one against the clock."""

Fit = Callable[[int, int], tuple[int, int]]
"""The width and height of an upright picture → those that are wanted."""


def at_most(longest: int = LARGEST) -> Fit:
    """Return the fit that reduces a picture whose longer side has more than `longest` pixels."""

    def fit(width: int, height: int) -> tuple[int, int]:
        scale = min(1.0, longest / max(width, height))
        return max(1, round(width * scale)), max(1, round(height * scale))

    return fit


@define
class Display:
    """Makes pictures of the frames of one stream; one conversion of size and colour a frame, in one thread.

    Attributes:
        stream: of the file. Its pixel aspect is that of the container, where it has one.
        fit: gives the size of the pictures.
        unsaid: the orientation of frames without a display matrix.
    """

    stream: VideoStream
    fit: Fit
    unsaid: Orientation = AS_STORED
    _aspect: Fraction | None = field(init=False)
    _aspect_at_first: Fraction | None = field(init=False)
    _reformatter: VideoReformatter = field(init=False, factory=VideoReformatter)

    def __attrs_post_init__(self) -> None:
        self._aspect = self.stream.sample_aspect_ratio
        self._aspect_at_first = self.stream.codec_context.sample_aspect_ratio

    def pixels(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """Return the picture `(height, width, 3)`, RGB, uint8."""
        transposed, mirrored, flipped = _orientation(frame) or self.unsaid
        width, height = max(1, round(frame.width * self._pixel_aspect())), frame.height
        if transposed:
            height, width = self.fit(height, width)
        else:
            width, height = self.fit(width, height)
        shown = self._reformatter.reformat(frame, width, height, "rgb24", threads=1).to_ndarray()
        pixels = np.asarray(shown, np.uint8)
        if transposed:
            pixels = pixels.transpose(1, 0, 2)
        if mirrored:
            pixels = pixels[:, ::-1]
        if flipped:
            pixels = pixels[::-1]
        return np.ascontiguousarray(pixels)

    def _pixel_aspect(self) -> float:
        """Return width / height of a pixel; that of the codec where it changed after the beginning."""
        now = self.stream.codec_context.sample_aspect_ratio
        ratio = self._aspect if now == self._aspect_at_first else now
        if not ratio or not 1 / WIDEST_PIXEL <= ratio <= WIDEST_PIXEL:
            return 1.0
        return float(ratio)


def _orientation(frame: av.VideoFrame) -> Orientation | None:
    """Return what a player does before it shows a frame; None where the frame does not say it.

    The display matrix of a frame (a, b, u, c, d, v, x, y, w) moves a pixel at (x, y) to (ax + cy, bx + dy).
    Players turn by right angles only, so the nearest of the eight orientations is taken.
    """
    try:
        # not by key: a KeyError for every frame costs time, and drops a Ctrl-C that comes meanwhile
        data = next((item for item in _side_data(frame) if item.type == Type.DISPLAYMATRIX), None)
    except ValueError:  # PyAV has no name for some other side data of the frame, but knows the angle
        turns = round(frame.rotation / 90) % 4
        if not turns:  # the same as no matrix
            return None
        return turns in (1, 3), turns in (2, 3), turns in (1, 2)
    if data is None:
        return None
    a, b, _, c, d, *_ = np.frombuffer(bytes(data), np.int32, 9).astype(np.int64).tolist()
    if a * d == b * c:  # it would show a line
        return AS_STORED
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return False, a < 0, d < 0
    return True, c < 0, b < 0
