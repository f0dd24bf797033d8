"""Ellipses with soft edges, painted on all frames of a clip at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import define
from numpy.typing import NDArray

from nasframe_deepfake.synthesis.identity import Colour

__all__ = ["Array", "Canvas", "Pose"]

Array = NDArray[np.float32]
Pair = tuple[float | Array, float | Array]


@define
class Pose:
    """Place of the head in each frame: centre `(frames,)` in half pictures, turn in radians, half height."""

    x: Array
    y: Array
    turn: Array
    scale: float

    def place(self, size: int) -> tuple[Array, Array]:
        """Return head coordinates `(frames, size, size)` of every pixel: 0 in mid-face, v = 1 at the chin."""
        axis = ((np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1).astype(np.float32)
        x = axis[None, None, :] - self.x[:, None, None]
        y = axis[None, :, None] - self.y[:, None, None]
        cosine, sine = (function(self.turn)[:, None, None] / self.scale for function in (np.cos, np.sin))
        return _single(x * cosine + y * sine), _single(y * cosine - x * sine)


@define
class Canvas:
    """`image` is `(3, frames, size, size)` in [0, 1]; `u`, `v` are the head coordinates of its pixels.

    Colours come first because numpy is several times slower over a last axis of three.
    """

    image: Array
    pose: Pose
    u: Array
    v: Array
    softness: float

    def ellipse(
        self,
        centre: Pair,
        radii: Pair,
        colour: Colour | Sequence[Array],
        opacity: float = 1.0,
        turn: float = 0.0,
        blur: float = 1.0,
        below: float | Array | None = None,
    ) -> None:
        """Paint one ellipse; centres and radii may change from frame to frame, `(frames,)`.

        Args:
            centre: in head coordinates.
            radii: half width and half height, in head coordinates.
            colour: RGB, or a plane `(frames, size, size)` for each of them.
            opacity: 1 covers the image, 0 leaves it.
            turn: radians.
            blur: width of the edge, in pixels.
            below: paint only where v is larger than this.
        """
        rows, columns = self._box(centre, radii)
        u, v = self.u[:, rows, columns], self.v[:, rows, columns]
        (cu, cv), (ru, rv) = ((_column(a), _column(b)) for a, b in (centre, radii))
        mask = ellipse_mask(u - cu, v - cv, ru, rv, turn, self.softness * blur)
        if below is not None:
            mask *= np.clip((v - _column(below)) / self.softness + 0.5, 0, 1)
        if opacity != 1:
            mask *= np.float32(opacity)
        self.cover(mask, colour, rows, columns)

    def cover(self, mask: Array, colour: Colour | Sequence[Array], rows: slice, columns: slice) -> None:
        """Blend `colour` into a part of the image, `mask` `(frames, rows, columns)` of it."""
        for plane, value in zip(self.image, colour, strict=True):
            part = plane[:, rows, columns]
            change = np.asarray(value, np.float32) - part
            change *= mask
            part += change

    def _box(self, centre: Pair, radii: Pair) -> tuple[slice, slice]:
        """Return rows and columns that hold the ellipse in every frame."""
        pose, size = self.pose, self.image.shape[-1]
        (u, v), reach = centre, max(float(np.max(radii[0])), float(np.max(radii[1]))) + 2 * self.softness
        cosine, sine = np.cos(pose.turn), np.sin(pose.turn)
        x = pose.x + pose.scale * (u * cosine - v * sine)
        y = pose.y + pose.scale * (u * sine + v * cosine)
        return _span(y, pose.scale * reach, size), _span(x, pose.scale * reach, size)


def ellipse_mask(
    u: Array, v: Array, ru: float | Array, rv: float | Array, turn: float, softness: float
) -> Array:
    """Return 1 inside the ellipse, 0 outside, with an edge about `softness` wide."""
    if turn:
        cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        u, v = u * cosine + v * sine, v * cosine - u * sine
    ru, rv = np.maximum(np.float32(ru), np.float32(1e-3)), np.maximum(np.float32(rv), np.float32(1e-3))
    # In place: fresh memory costs as much as the arithmetic.
    mask = u / ru
    mask *= mask
    other = v / rv
    other *= other
    mask += other
    np.sqrt(mask, out=mask)
    np.subtract(1, mask, out=mask)
    mask *= np.minimum(ru, rv) / np.float32(softness)
    mask += np.float32(0.5)
    return np.clip(mask, 0, 1, out=mask)


def _single(values: NDArray[np.floating]) -> Array:
    return values.astype(np.float32, copy=False)


def _column(value: float | Array) -> Array:
    array = np.asarray(value, np.float32)
    return array[:, None, None] if array.ndim else array


def _span(middle: NDArray[np.floating], reach: float, size: int) -> slice:
    """Return the pixels within `reach` (in half pictures) of any of the places `middle`."""
    low, high = ((float(edge) + 1) / 2 * size for edge in (middle.min() - reach, middle.max() + reach))
    return slice(max(0, int(low)), min(size, max(0, int(high) + 2)))
