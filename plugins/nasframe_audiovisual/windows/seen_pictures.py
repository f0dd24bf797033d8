"""Pictures whose faces are known, from then until no window needs them."""

from __future__ import annotations

from collections import deque

import numpy as np
from attrs import define, field
from numpy.typing import NDArray

from nasframe_audiovisual.faces import Located, NoSquare, Square, crop, window_square

__all__ = ["SeenPictures"]

WHOLE = 2
"""Windows of pictures that are kept whole; more of them wait only for sound that is late."""


@define
class _Seen:
    """A picture, whole, or the parts of it that a window may show."""

    shot: int
    located: Located
    pixels: NDArray[np.uint8] | None
    crops: dict[Square, NDArray[np.uint8]] = field(factory=dict)


@define
class SeenPictures:
    """Pictures by their number.

    The square of a window does not depend on its sound. So a picture that waits is cropped to the squares of
    all windows that it may be in, a hundredth of its size, and the whole picture is let go.

    Attributes:
        frames: pictures of a window.
        size: side of a crop in pixels.
        margin: side of the crop, in sides of the face: that of the detector.
    """

    frames: int
    size: int
    margin: float
    _pictures: dict[int, _Seen] = field(factory=dict)
    _whole: deque[int] = field(factory=deque)  # numbers of those that are whole
    _squares: dict[int, Square | NoSquare] = field(factory=dict)  # number of the first picture → of a window

    def add(self, number: int, shot: int, pixels: NDArray[np.uint8], located: Located) -> None:
        """Take the next picture; numbers of one shot are consecutive."""
        self._pictures[number] = _Seen(shot, located, pixels)
        self._whole.append(number)
        while len(self._whole) > WHOLE * self.frames:
            self._crop(self._whole.popleft())

    def square(self, first: int) -> Square | NoSquare:
        """Return the square of the window whose first picture has this number, or why there is none."""
        if first not in self._squares:
            window = [self._pictures[number].located for number in range(first, first + self.frames)]
            self._squares[first] = window_square(window, self.margin)
        return self._squares[first]

    def cropped(self, first: int, square: Square) -> NDArray[np.uint8]:
        """Return the pictures of that window, `(frames, size, size, 3)`; the square is the window's own."""
        seen = (self._pictures[number] for number in range(first, first + self.frames))
        return np.stack(
            [one.crops[square] if one.pixels is None else crop(one.pixels, square, self.size) for one in seen]
        )

    def forget(self, before: int) -> None:
        """Let go of the pictures before a number."""
        for number in [*self._pictures]:
            if number >= before:
                break
            del self._pictures[number]
            self._squares.pop(number, None)
        while self._whole and self._whole[0] < before:
            self._whole.popleft()

    def _crop(self, number: int) -> None:
        """Replace a picture by its crops; all pictures of the windows that it may be in have come."""
        one = self._pictures[number]
        assert one.pixels is not None
        for first in range(number - self.frames + 1, number + 1):
            if self._is_window(first):
                square = self.square(first)
                if isinstance(square, Square) and square not in one.crops:
                    one.crops[square] = crop(one.pixels, square, self.size)
        one.pixels = None

    def _is_window(self, first: int) -> bool:
        """Return True where a window may begin with the picture of this number."""
        begin, end = self._pictures.get(first), self._pictures.get(first + self.frames - 1)
        return begin is not None and end is not None and begin.shot == end.shot
