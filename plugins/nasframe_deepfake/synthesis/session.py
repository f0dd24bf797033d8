"""A session: two genuine clips of one person in one place, and the fakes made of them."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen, validators
from numpy.typing import NDArray

from nasframe_deepfake.datasets import (
    FAKE_BOTH,
    FAKE_PICTURE,
    FAKE_VOICE,
    GENUINE,
    PAIRING,
    Category,
)
from nasframe_deepfake.synthesis.canvas import Array
from nasframe_deepfake.synthesis.face import draw, gesticulate
from nasframe_deepfake.synthesis.fakes import copy_synthesis, self_blend
from nasframe_deepfake.synthesis.identity import Identity
from nasframe_deepfake.synthesis.loudness import draw_level, set_level
from nasframe_deepfake.synthesis.speech import CONTROL_RATE, Tracks, articulate
from nasframe_deepfake.synthesis.voice import RATE, speak

__all__ = ["Clip", "ClipShape", "Session", "session_roles"]

ALTERED = (FAKE_PICTURE, FAKE_VOICE, FAKE_BOTH)
"""Categories of the altered clips, in the order in which sessions take them in turn."""

_MARGIN = 1.2
"""Seconds by which a take is longer than the clips cut from inside it."""


@frozen
class ClipShape:
    """Length in seconds, height and width in pixels, frames a second; the same for every clip."""

    seconds: float = field(default=2.0, validator=validators.ge(0.5))
    size: int = field(default=112, validator=[validators.ge(32), validators.le(512)])
    rate: int = field(default=25, validator=validators.ge(5))

    @property
    def drawn(self) -> int:
        """Height and width at which faces are drawn; every clip is then resampled to `size`."""
        return self.size * 8 // 7


@frozen
class Clip:
    """One clip of a session.

    Attributes:
        category: of the clip.
        picture: number in the session (1, 2) of the genuine clip whose pictures were used.
        sound: the same for the sound.
        frames: pixels `(frames, size, size, 3)`.
        samples: sound `(samples,)`.
    """

    category: Category
    picture: int
    sound: int
    frames: NDArray[np.uint8]
    samples: NDArray[np.int16]


@frozen
class _Take:
    """A recorded talk, longer than a clip: the motion of the mouth and the sound."""

    tracks: Tracks
    samples: NDArray[np.float64]


def session_roles(pairings: int) -> tuple[str, ...]:
    """Return the role of each clip of a session, in order. A session may end after any of them.

    Args:
        pairings: number of false pairings, 1 or 2; two genuine clips allow no more.
    """
    return ("genuine", "genuine", *("pairing",) * pairings, "altered", "altered")


class Session:
    """Session `number` of a set. `seed` and `number` decide everything but the person.

    Args:
        identity: the person.
        shape: of every clip.
        seed: of the set.
        number: of the session in the set, from 0.
        pairings: number of false pairings, 1 or 2.
    """

    def __init__(
        self, identity: Identity, shape: ClipShape, seed: int, number: int, pairings: int = 1
    ) -> None:
        self._roles = session_roles(pairings)
        self._identity, self._shape, self._key = identity, shape, (seed, 2, number)
        self._number = number
        plan = self._random("plan")
        first, second = self._take(1), self._take(2)
        start = plan.uniform(0.05, 0.35)
        later = start + plan.uniform(0.4, _MARGIN - 0.4)
        # The second genuine clip is from the same talk a little later, or from another talk.
        same = bool(plan.integers(2))
        self._cuts = {
            1: (first, start),
            2: (first, later) if same else (second, plan.uniform(0.05, _MARGIN - 0.05)),
        }
        self._bases = [int(base) for base in plan.integers(1, 3, size=3)]

    def clips(self, count: int) -> list[Clip]:
        """Make the first `count` clips of the session."""
        made: list[Clip] = []
        altered = self._roles.index("altered")
        for place, role in enumerate(self._roles[:count]):
            if role == "genuine":
                made.append(self._genuine(place + 1))
            elif role == "pairing":
                # The second pairing exchanges pictures and sound of the first.
                picture = self._bases[0] if place == 2 else 3 - self._bases[0]
                sound = 3 - picture
                made.append(Clip(PAIRING, picture, sound, made[picture - 1].frames, made[sound - 1].samples))
            else:
                category = ALTERED[(2 * self._number + place - altered) % 3]
                base = self._bases[place - altered + 1]
                genuine = made[base - 1]
                frames = self._frames(base, altered=place) if category.fake_picture else genuine.frames
                samples = self._samples(base, altered=place) if category.fake_voice else genuine.samples
                made.append(Clip(category, base, base, frames, samples))
        return made

    def _genuine(self, number: int) -> Clip:
        return Clip(GENUINE, number, number, self._frames(number), self._samples(number))

    def _random(self, *names: str | int) -> np.random.Generator:
        key = [name if isinstance(name, int) else int.from_bytes(name.encode(), "big") for name in names]
        return np.random.default_rng((*self._key, *key))

    def _take(self, number: int) -> _Take:
        random = self._random("take", number)
        tracks = articulate(self._identity.voice, self._shape.seconds + _MARGIN, random)
        return _Take(tracks, speak(tracks, self._identity.voice, random))

    def _frames(self, number: int, altered: int | None = None) -> NDArray[np.uint8]:
        """Return the pictures of genuine clip `number`, or of the fake at place `altered` made of them."""
        shape, (take, start) = self._shape, self._cuts[number]
        count = round(shape.seconds * shape.rate)
        moments = start + (np.arange(count) + 0.5) / shape.rate
        known = np.arange(len(take.tracks.opening)) / CONTROL_RATE
        said = take.tracks
        opening, spread = (
            np.interp(moments, known, track).astype(np.float32) for track in (said.opening, said.spread)
        )
        gestures = gesticulate(count, shape.rate, self._random("gestures", number))
        camera = self._random("camera", number)
        image, u, v = draw(self._identity.look, gestures, opening, spread, shape.drawn, camera)
        if altered is not None:
            image = self_blend(image, u, v, self._random("alter", altered))
        small = _shrink(_eight_bits(image), shape.size)
        return np.ascontiguousarray(np.rint(small, out=small).astype(np.uint8).transpose(1, 2, 3, 0))

    def _samples(self, number: int, altered: int | None = None) -> NDArray[np.int16]:
        """Return the sound of genuine clip `number`, or of the fake at place `altered` made of it."""
        take, start = self._cuts[number]
        samples = take.samples
        if altered is not None:
            # The whole take goes through the vocoder, so that the cut has no other edges than a genuine one.
            samples = copy_synthesis(samples, RATE, self._random("copy", altered))
        first, length = round(start * RATE), round(self._shape.seconds * RATE)
        level = draw_level(self._random("level", number, altered or 0))
        piece = set_level(samples[first : first + length], level)
        return np.asarray(np.rint(np.clip(piece, -1, 1) * 32767), np.int16)


def _eight_bits(image: Array) -> Array:
    """Round to the 256 levels of the camera, in place."""
    np.clip(image, 0, 1, out=image)
    image *= np.float32(255)
    return np.rint(image, out=image)


def _shrink(image: Array, size: int) -> Array:
    """Resample `(..., n, n)` to `(..., size, size)` by linear interpolation."""
    drawn = image.shape[-1]
    place = (np.arange(size) + 0.5) * drawn / size - 0.5
    low = np.clip(place.astype(int), 0, drawn - 2)
    part = (place - low).astype(np.float32)
    rows = _between(image, low, part[:, None], -2)
    return _between(rows, low, part, -1)


def _between(values: Array, low: NDArray[np.intp], part: Array, axis: int) -> Array:
    """Mix the values at `low` and one after it, with share `part` of the latter."""
    mixed, after = np.take(values, low, axis), np.take(values, low + 1, axis)
    mixed *= 1 - part
    after *= part
    mixed += after
    return mixed
