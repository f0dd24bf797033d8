"""Invented speech: syllables and pauses, as tracks that drive both the voice and the mouth."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from nasframe_deepfake.synthesis.identity import Voice

__all__ = ["CONTROL_RATE", "Tracks", "articulate"]

CONTROL_RATE = 200
"""Values of every track in one second."""

Array = NDArray[np.float64]


@frozen
class Vowel:
    """First three formants in Hz for a man's vocal tract; mouth opening and spread in [0, 1]."""

    formants: tuple[float, float, float]
    opening: float
    spread: float


VOWELS = (
    Vowel((750, 1200, 2500), 1.00, 0.5),
    Vowel((680, 1700, 2450), 0.90, 0.7),
    Vowel((510, 1850, 2500), 0.60, 0.8),
    Vowel((290, 2250, 2950), 0.32, 1.0),
    Vowel((500, 1480, 2450), 0.50, 0.5),
    Vowel((510, 900, 2400), 0.65, 0.15),
    Vowel((320, 800, 2300), 0.30, 0.0),
)


@frozen
class Tracks:
    """CONTROL_RATE values for each second; `formants` `(time, 3)` and `pitch` in Hz, the rest in [0, 1]."""

    voicing: Array
    friction: Array
    brightness: Array
    pitch: Array
    formants: Array
    opening: Array
    spread: Array


def articulate(voice: Voice, seconds: float, random: np.random.Generator) -> Tracks:
    """Return invented speech of `seconds` seconds: words of one to three syllables between pauses."""
    length = round(seconds * CONTROL_RATE)
    tracks = {name: np.zeros(length) for name in ("voicing", "friction", "brightness", "opening", "spread")}
    formants = np.tile(np.array([500.0, 1480.0, 2450.0]), (length, 1))
    accent = np.zeros(length)
    # Start before zero, so that a clip may begin anywhere in a word.
    now, left = -random.uniform(0, 0.5), 0

    def put(name: str, start: float, end: float, value: float) -> None:
        low, high = (max(0, round(moment * CONTROL_RATE)) for moment in (start, end))
        tracks[name][low:high] = value

    while now < seconds:
        if left == 0:
            left = int(random.integers(1, 4))
            now += random.uniform(0.12, 0.42)
        left -= 1
        vowel = VOWELS[int(random.integers(len(VOWELS)))]
        stress = random.uniform(0.55, 1.0)
        onset = random.choice(["stop", "friction", "nasal", "none"], p=[0.3, 0.25, 0.25, 0.2])
        consonant = {"stop": 0.07, "friction": 0.1, "nasal": 0.07, "none": 0.0}[str(onset)] / voice.rate
        duration = random.uniform(0.13, 0.27) / voice.rate
        start, end = now + consonant, now + consonant + duration
        if onset == "friction":
            put("friction", now, start, random.uniform(0.5, 1.0))
            put("brightness", now, start, random.uniform(0.0, 1.0))
            put("opening", now, start, 0.12)
            put("spread", now, start, 0.6)
        elif onset == "nasal":
            put("voicing", now, start, 0.25)
        elif onset == "stop":
            put("friction", start - 0.012, start + 0.01, 0.9)
            put("brightness", start - 0.012, start + 0.01, random.uniform(0.0, 1.0))
        put("voicing", start, end, stress)
        put("opening", start, end, vowel.opening * (0.45 + 0.55 * stress))
        put("spread", start, end, vowel.spread)
        low, high = max(0, round(now * CONTROL_RATE)), max(0, round(end * CONTROL_RATE))
        formants[low:high] = vowel.formants
        accent[low:high] = stress - 0.7
        now = end
    moments = np.arange(length) / CONTROL_RATE
    melody = 1 + 0.16 * _smooth(accent, 0.15) + 0.05 * np.sin(2 * np.pi * (0.35 * moments + random.uniform()))
    jitter = _smooth(random.normal(0, 0.05, length), 0.05)
    return Tracks(
        voicing=_smooth(tracks["voicing"], 0.04),
        friction=_smooth(tracks["friction"], 0.02),
        brightness=_smooth(tracks["brightness"], 0.02),
        pitch=voice.pitch * (melody + jitter),
        formants=_smooth(formants, 0.06) * voice.tract,
        opening=_smooth(tracks["opening"], 0.07),
        spread=_smooth(tracks["spread"], 0.1),
    )


def _smooth(values: Array, seconds: float) -> Array:
    """Return `(time, ...)` smoothed by a Hann window of `seconds`; the edge values are repeated."""
    half = max(1, round(seconds * CONTROL_RATE / 2))
    window = np.hanning(2 * half + 3)[1:-1]
    window /= window.sum()
    padded = np.pad(values, [(half, half)] + [(0, 0)] * (values.ndim - 1), mode="edge")
    if values.ndim == 1:
        return np.convolve(padded, window, mode="valid")
    return np.stack([np.convolve(column, window, mode="valid") for column in padded.T], axis=1)
