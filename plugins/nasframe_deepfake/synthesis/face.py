"""The picture: head and shoulders of one person who speaks."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from nasframe_deepfake.synthesis.canvas import Array, Canvas, Pose, ellipse_mask
from nasframe_deepfake.synthesis.identity import Colour, Look

__all__ = ["Gestures", "draw", "gesticulate"]


@frozen
class Gestures:
    """Motion of everything but the mouth, one value per frame: the head, the eyelids, the light."""

    pose: Pose
    lids: Array
    light: Array
    direction: float


def gesticulate(frames: int, rate: float, random: np.random.Generator) -> Gestures:
    """Draw slight, smooth motion for `frames` frames at `rate` frames a second."""
    moments = np.arange(frames) / rate

    def drift(size: float) -> Array:
        waves = [
            np.sin(2 * np.pi * (random.uniform(0.1, 0.6) * moments + random.uniform())) for _ in range(3)
        ]
        return np.asarray(size / 3 * np.sum(waves, axis=0), np.float32)

    lids = np.ones(frames)
    blink = random.uniform(0, 3)
    while blink < frames / rate:
        lids = np.minimum(lids, np.clip(np.abs(moments - blink) / 0.1, 0, 1))
        blink += random.uniform(1.5, 4)
    pose = Pose(
        x=drift(0.03) + np.float32(random.uniform(-0.04, 0.04)),
        y=drift(0.02) + np.float32(random.uniform(-0.06, 0.02)),
        turn=drift(0.05) + np.float32(random.uniform(-0.05, 0.05)),
        scale=random.uniform(0.70, 0.76),
    )
    light = 1 + drift(0.02) + np.float32(random.uniform(-0.08, 0.08))
    return Gestures(pose, np.asarray(lids, np.float32), light, random.uniform(-1, 1))


def draw(
    look: Look, gestures: Gestures, opening: Array, spread: Array, size: int, random: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Draw the pictures of a clip, before they are rounded to 8 bits.

    Args:
        look: of the person.
        gestures: head, eyelids and light per frame.
        opening: of the mouth, `(frames,)` in [0, 1].
        spread: of the lips, `(frames,)`: 0 rounded, 1 wide.
        size: height and width in pixels.
        random: of the noise of the camera and the pattern of the wall.

    Returns:
        Image `(3, frames, size, size)` in [0, 1] and the head coordinates u, v `(frames, size, size)`.
    """
    frames = len(opening)
    u, v = gestures.pose.place(size)
    image = np.empty((3, frames, size, size), np.float32)
    image[:] = _wall(look, size, random)[:, None]
    canvas = Canvas(image, gestures.pose, u, v, softness=2 / (size * gestures.pose.scale))
    _body(canvas, look)
    _head(canvas, look, gestures, opening)
    _eyes(canvas, look, gestures.lids)
    _mouth(canvas, look, opening, spread)
    _fringe(canvas, look)
    image *= gestures.light[:, None, None]
    _add_noise(image, random)
    return np.clip(image, 0, 1, out=image), u, v


def _add_noise(image: Array, random: np.random.Generator) -> None:
    """Add the camera's noise: another part of one sheet for each frame, ten times faster than new noise."""
    frames, size = image.shape[1:3]
    level, room = np.float32(random.uniform(0.006, 0.014)), 2 * size
    sheet = random.standard_normal((3, size + room, size + room), np.float32) * level
    for frame, (row, column) in enumerate(random.integers(room, size=(frames, 2))):
        image[:, frame] += sheet[:, row : row + size, column : column + size]


def _wall(look: Look, size: int, random: np.random.Generator) -> Array:
    """Return the background, `(3, size, size)`."""
    top, bottom = (np.array(colour, np.float32)[:, None, None] for colour in look.wall)
    slope = np.linspace(0, 1, size, dtype=np.float32)[:, None]
    x, y = np.meshgrid(*[np.linspace(0, 2 * np.pi, size)] * 2)
    waves = sum(
        np.sin(random.uniform(0.3, 2) * x + random.uniform(0.3, 2) * y + random.uniform(0, 6))
        for _ in range(4)
    )
    return np.asarray(top + slope * (bottom - top) + 0.015 * np.asarray(waves), np.float32)


def _shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(1.0, channel * factor) for channel in colour)
    return red, green, blue


def _body(canvas: Canvas, look: Look) -> None:
    if look.hair_length > 0.2:
        canvas.ellipse(
            (0, 0.05 + 0.3 * look.hair_length),
            (look.width + 0.14, 0.85 + 0.25 * look.hair_length),
            look.hair,
            blur=2,
        )
    canvas.ellipse((0, 1.0), (0.34, 0.5), _shade(look.skin, 0.78))
    canvas.ellipse((0, 1.95), (1.25, 0.72), look.shirt, blur=1.5)
    canvas.ellipse((0, -0.14), (look.width + 0.09, 0.93), look.hair, blur=2)


def _head(canvas: Canvas, look: Look, gestures: Gestures, opening: Array) -> None:
    for side in (-1, 1):
        canvas.ellipse((side * look.width, 0.0), (0.09, 0.17), _shade(look.skin, 0.85))
    u, v = canvas.u, canvas.v
    # The jaw narrows the lower half of the face and goes down with the mouth.
    drop = 0.07 * opening[:, None, None]
    lower = np.clip(v, 0, None)
    width = look.width * (1 - (1 - look.jaw) * lower**1.5)
    height = np.where(v > 0, 0.97 + drop, 1.0)
    x, y = u / np.maximum(width, 0.2), v / height
    inside = ellipse_mask(x, np.asarray(y, np.float32), 1.0, 1.0, 0.0, canvas.softness / look.width)
    depth = np.sqrt(np.clip(1 - x**2 - y**2, 0, 1))
    shade = 0.68 + 0.34 * depth + 0.14 * gestures.direction * x - 0.05 * y
    skin = [np.asarray(channel * shade, np.float32) for channel in look.skin]
    canvas.cover(inside, skin, slice(None), slice(None))
    for side in (-1, 1):
        canvas.ellipse((side * 0.4, 0.25), (0.17, 0.13), _shade(look.lips, 1.1), opacity=0.14, blur=8)
        canvas.ellipse((side * 0.07, 0.12), (0.035, look.nose), _shade(look.skin, 0.72), opacity=0.35, blur=4)
        canvas.ellipse((side * 0.06, look.nose + 0.02), (0.035, 0.022), _shade(look.skin, 0.4), opacity=0.8)
    canvas.ellipse((0, look.nose - 0.06), (0.05, 0.09), _shade(look.skin, 1.12), opacity=0.5, blur=4)
    if look.beard:
        jaw = look.mouth_height + 0.16 + 0.05 * opening
        canvas.ellipse((0, jaw), (look.width * 0.78, 0.36), look.hair, opacity=look.beard, blur=8, below=0.3)


def _eyes(canvas: Canvas, look: Look, lids: Array) -> None:
    size = look.eye_size
    for side in (-1, 1):
        x, y = side * look.eye_distance, look.eye_height
        canvas.ellipse((x, y), (size * 1.25, size * 0.95), _shade(look.skin, 0.7), opacity=0.5, blur=4)
        canvas.ellipse((x, y), (size, 0.55 * size * lids + 0.005), (0.93, 0.93, 0.91))
        iris = (0.48 * size, 0.52 * size * lids + 0.004)
        canvas.ellipse((x, y), iris, look.eyes)
        canvas.ellipse((x, y), (0.24 * size, 0.26 * size * lids + 0.002), (0.03, 0.03, 0.03))
        canvas.ellipse(
            (x + 0.15 * size, y - 0.12 * size), (0.1 * size, 0.1 * size * lids), (1.0, 1.0, 1.0), opacity=0.8
        )
        brow = y - 1.35 * size - 0.03
        canvas.ellipse(
            (x, brow),
            (1.25 * size, look.brow),
            _shade(look.hair, 0.9),
            opacity=0.85,
            turn=side * 0.12,
            blur=1.5,
        )


def _mouth(canvas: Canvas, look: Look, opening: Array, spread: Array) -> None:
    width = look.mouth_width * (0.78 + 0.32 * spread)
    gap = 0.19 * opening
    y = look.mouth_height + 0.45 * gap
    canvas.ellipse((0, y + 0.01), (width, look.lip + gap), look.lips, blur=1.5)
    canvas.ellipse((0, y), (width * 0.82, gap + 0.004), (0.16, 0.05, 0.05))
    canvas.ellipse((0, y - 0.62 * gap), (width * 0.62, 0.30 * gap), (0.90, 0.88, 0.84), opacity=0.9)
    canvas.ellipse((0, y + 0.65 * gap), (width * 0.5, 0.32 * gap), (0.62, 0.27, 0.27), opacity=0.8)


def _fringe(canvas: Canvas, look: Look) -> None:
    """Paint hair over the forehead: above a bent line and inside the outline of the head."""
    u, v = canvas.u, canvas.v
    outline = ellipse_mask(u, v + 0.14, look.width + 0.09, 0.93, 0.0, 2 * canvas.softness)
    line = look.hairline + 0.10 * u + 0.55 * u**2
    above = np.clip((line - v) / (2.5 * canvas.softness) + 0.5, 0, 1)
    canvas.cover(outline * above, look.hair, slice(None), slice(None))
