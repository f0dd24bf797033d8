"""The people of a synthesised data set: each has a look and a voice, drawn from a seed."""

from __future__ import annotations

import numpy as np
from attrs import frozen

__all__ = ["GENDERS", "RACES", "Colour", "Identity", "Look", "Voice", "make_identity"]

RACES = ("African", "Asian (East)", "Asian (South)", "Caucasian (American)", "Caucasian (European)")
GENDERS = ("men", "women")

Colour = tuple[float, float, float]

_DARK_HAIR: tuple[Colour, ...] = ((0.07, 0.06, 0.06), (0.13, 0.09, 0.07), (0.20, 0.13, 0.09))
_ANY_HAIR: tuple[Colour, ...] = (*_DARK_HAIR, (0.38, 0.25, 0.14), (0.72, 0.56, 0.32), (0.50, 0.48, 0.46))
_DARK_EYES: tuple[Colour, ...] = ((0.20, 0.12, 0.07), (0.28, 0.17, 0.09))
_ANY_EYES: tuple[Colour, ...] = (*_DARK_EYES, (0.25, 0.42, 0.55), (0.33, 0.45, 0.28))


@frozen
class _Complexion:
    """Mean colour of the skin, and the colours from which hair and eyes are drawn."""

    skin: Colour
    hair: tuple[Colour, ...] = _DARK_HAIR
    eyes: tuple[Colour, ...] = _DARK_EYES


_COMPLEXIONS = {
    "African": _Complexion((0.42, 0.28, 0.20)),
    "Asian (East)": _Complexion((0.86, 0.70, 0.56)),
    "Asian (South)": _Complexion((0.62, 0.45, 0.33)),
    "Caucasian (American)": _Complexion((0.88, 0.69, 0.58), _ANY_HAIR, _ANY_EYES),
    "Caucasian (European)": _Complexion((0.92, 0.76, 0.67), _ANY_HAIR, _ANY_EYES),
}


@frozen
class Look:
    """Colours are RGB in [0, 1]; lengths are in units of half the face's height."""

    skin: Colour
    hair: Colour
    eyes: Colour
    lips: Colour
    shirt: Colour
    wall: tuple[Colour, Colour]
    width: float
    jaw: float
    eye_distance: float
    eye_size: float
    eye_height: float
    brow: float
    nose: float
    mouth_width: float
    mouth_height: float
    lip: float
    hairline: float
    hair_length: float
    beard: float


@frozen
class Voice:
    """Pitch in Hz, vocal-tract scale (1: a man's formants), syllables a second, breath and noise levels."""

    pitch: float
    tract: float
    rate: float
    breath: float
    room: float


@frozen
class Identity:
    """A person of the set; `name` is also the name of a folder, such as `id00001`."""

    name: str
    race: str
    gender: str
    look: Look
    voice: Voice


def make_identity(seed: int, number: int) -> Identity:
    """Return person `number` (from 1) of the set with this seed; races and genders alternate."""
    random = np.random.default_rng((seed, 1, number))
    race, gender = RACES[(number - 1) // 2 % len(RACES)], GENDERS[(number - 1) % 2]
    return Identity(f"id{number:05d}", race, gender, _look(random, race, gender), _voice(random, gender))


def _near(random: np.random.Generator, colour: Colour, spread: float, shared: float = 0.0) -> Colour:
    values = np.asarray(colour) + random.normal(0, spread, 3) + random.normal(0, shared)
    red, green, blue = (float(value) for value in np.clip(values, 0.02, 0.98))
    return red, green, blue


def _pick(random: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    return colours[int(random.integers(len(colours)))]


def _look(random: np.random.Generator, race: str, gender: str) -> Look:
    complexion = _COMPLEXIONS[race]
    skin = _near(random, complexion.skin, 0.015, 0.05)
    red, green, blue = skin
    wall = _near(random, (0.45, 0.47, 0.50), 0.12, 0.15)
    woman = gender == "women"
    return Look(
        skin=skin,
        hair=_near(random, _pick(random, complexion.hair), 0.02),
        eyes=_near(random, _pick(random, complexion.eyes), 0.02),
        lips=_near(random, (red * 0.85 + 0.08, green * 0.62, blue * 0.66), 0.03, 0.02),
        shirt=_near(random, (0.4, 0.4, 0.45), 0.2, 0.1),
        wall=(wall, _near(random, wall, 0.03, 0.08)),
        width=random.uniform(0.70, 0.80) - 0.02 * woman,
        jaw=random.uniform(0.72, 0.90) - 0.06 * woman,
        eye_distance=random.uniform(0.30, 0.37),
        eye_size=random.uniform(0.115, 0.15),
        eye_height=random.uniform(-0.20, -0.10),
        brow=random.uniform(0.035, 0.06) - 0.012 * woman,
        nose=random.uniform(0.20, 0.30),
        mouth_width=random.uniform(0.24, 0.31),
        mouth_height=random.uniform(0.46, 0.54),
        lip=random.uniform(0.050, 0.085),
        hairline=random.uniform(-0.72, -0.52),
        hair_length=random.uniform(0.5, 1.3) if woman else random.uniform(0.0, 0.15),
        beard=0.0 if woman else float(random.choice([0.0, 0.0, 0.25, 0.55])),
    )


def _voice(random: np.random.Generator, gender: str) -> Voice:
    woman = gender == "women"
    return Voice(
        pitch=random.uniform(175, 240) if woman else random.uniform(88, 140),
        tract=random.uniform(1.10, 1.22) if woman else random.uniform(0.93, 1.06),
        rate=random.uniform(0.8, 1.15),
        breath=random.uniform(0.01, 0.05),
        room=random.uniform(0.0008, 0.002),
    )
