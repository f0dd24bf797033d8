"""The voice: glottal pulses and noise through moving formants (source and filter)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nasframe_deepfake.synthesis.identity import Voice
from nasframe_deepfake.synthesis.spectrum import HOP, SIZE, analyse, synthesise
from nasframe_deepfake.synthesis.speech import CONTROL_RATE, Tracks

__all__ = ["RATE", "speak"]

RATE = 16_000
"""Samples in one second."""

Array = NDArray[np.float64]

_BANDWIDTHS = np.array([70.0, 100.0, 140.0, 220.0, 300.0])


def speak(tracks: Tracks, voice: Voice, random: np.random.Generator) -> Array:
    """Return the waveform of `tracks` at RATE, with breath and the noise of a room, of any loudness."""
    length = round(len(tracks.pitch) / CONTROL_RATE * RATE)
    moments = np.arange(length) / RATE
    known = np.arange(len(tracks.pitch)) / CONTROL_RATE
    pitch, voicing, friction = (
        np.interp(moments, known, track) for track in (tracks.pitch, tracks.voicing, tracks.friction)
    )
    phase = np.cumsum(pitch) / RATE % 1.0
    breath = random.normal(0, 1, length)
    source = voicing * (_glottis(phase) + voice.breath * breath * (0.3 + (phase < 0.5)))
    frames = np.arange(length // HOP + 1) * HOP / RATE
    formants = np.stack([np.interp(frames, known, column) for column in tracks.formants.T], axis=1)
    brightness = np.interp(frames, known, tracks.brightness)
    spectra = analyse(source) * _tract(formants, voice.tract)
    hiss = analyse(random.normal(0, 1, length) * friction) * _friction(brightness)
    return synthesise(spectra + 0.25 * hiss, length) + voice.room * random.normal(0, 1, length)


def _glottis(phase: Array) -> Array:
    """Return the derivative of the glottal flow over one period (rise for 0.4, fall for 0.2, then closed)."""
    rise = np.sin(np.pi * phase / 0.4)
    fall = -2.0 * np.sin(np.pi / 2 * np.clip((phase - 0.4) / 0.2, 0, 1))
    return np.where(phase < 0.4, 0.5 * rise, np.where(phase < 0.6, fall, 0.0))


def _tract(formants: Array, scale: float) -> NDArray[np.complex128]:
    """Return the response `(frames, bins)` of five resonators in series, of gain 1 at 0 Hz (Klatt, 1980)."""
    fixed = np.tile(np.array([3500.0, 4500.0]) * scale, (len(formants), 1))
    centre = np.concatenate([formants, fixed], axis=1)
    radius = np.exp(-np.pi * _BANDWIDTHS / RATE)
    pole = radius * np.exp(2j * np.pi * centre / RATE)
    turn = np.exp(-2j * np.pi * np.arange(SIZE // 2 + 1) / SIZE)
    response = np.ones((len(formants), SIZE // 2 + 1), dtype=np.complex128)
    for index in range(centre.shape[1]):
        first, second = 2 * pole[:, index].real, -(np.abs(pole[:, index]) ** 2)
        gain = 1 - first - second
        response *= gain[:, None] / (1 - first[:, None] * turn - second[:, None] * turn**2)
    return response


def _friction(brightness: Array) -> Array:
    """Return the gain `(frames, bins)` of fricative noise: a band at 2.5 kHz (0) to 6 kHz (1)."""
    bins = np.linspace(0, RATE / 2, SIZE // 2 + 1)
    centre = 2500 + 3500 * brightness[:, None]
    return np.asarray(np.exp(-0.5 * ((bins - centre) / 1100) ** 2))
