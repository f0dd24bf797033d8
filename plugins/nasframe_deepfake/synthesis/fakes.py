"""Fakes of one stream: a face pasted over itself, and a voice out of a vocoder."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from nasframe_deepfake.synthesis.canvas import Array
from nasframe_deepfake.synthesis.spectrum import analyse, mel_bands, synthesise

__all__ = ["copy_synthesis", "self_blend"]


def copy_synthesis(
    samples: NDArray[np.float64], rate: int, random: np.random.Generator, bands: int = 48, rounds: int = 16
) -> NDArray[np.float64]:
    """Return the same utterance out of a vocoder: mel spectrogram, then phases by fast Griffin-Lim.

    It loses the phases and the fine structure inside a band, as with every mel vocoder.

    Args:
        samples: a genuine voice, `(samples,)`.
        rate: samples a second.
        random: of the first phases.
        bands: of the mel spectrogram.
        rounds: of Griffin-Lim (Perraudin, Balazs and Søndergaard, 2013, momentum 0.99).
    """
    filters = mel_bands(bands, rate)
    power = np.abs(analyse(samples)) ** 2
    # Spread each band's mean power over its bins again.
    cover = filters / np.maximum(filters.sum(0), 1e-9)
    # einsum and not @: BLAS would start threads in every worker process
    magnitude = np.sqrt(np.einsum("tb,bf->tf", np.einsum("tf,bf->tb", power, filters), cover))
    phases = np.exp(2j * np.pi * random.uniform(size=magnitude.shape))
    previous = np.zeros_like(phases)
    for _ in range(rounds):
        rebuilt = analyse(synthesise(magnitude * phases, len(samples)))
        ahead = rebuilt + 0.99 * (rebuilt - previous)
        previous = rebuilt
        phases = ahead / np.maximum(np.abs(ahead), 1e-9)
    return synthesise(magnitude * phases, len(samples))


def self_blend(image: Array, u: Array, v: Array, random: np.random.Generator) -> Array:
    """Paste a changed copy of the face back through a soft, deformed mask (Shiohara and Yamasaki, 2022).

    It changes colour and contrast of the inner face, its place and size by a few per cent, and its resolution
    (a generator's is lower than a camera's), and leaves a seam. The changes are the same in all frames, but
    the place jitters slightly.

    Args:
        image: genuine, `(3, frames, size, size)` in [0, 1].
        u, v: head coordinates `(frames, size, size)`.
        random: of the changes.

    Returns:
        As `image`.
    """
    frames = image.shape[1]
    # Mostly lighter or darker, with little change in tone: a green face would not be a convincing fake.
    gain = 1 + random.uniform(0.08, 0.16) * random.choice([-1, 1]) + random.uniform(-0.06, 0.06, 3)
    offset = random.uniform(-0.02, 0.02)
    zoom = 1 + random.uniform(0.02, 0.07) * random.choice([-1, 1])
    shift = random.uniform(0.02, 0.05, 2) * random.choice([-1, 1], 2)
    jitter = random.normal(0, 0.006, (frames, 2))
    copy = _resample(image, u, v, zoom, shift, jitter, coarseness=int(random.integers(2, 4)))
    copy *= np.asarray(gain, np.float32)[:, None, None, None]
    copy += np.float32(offset)
    mask = _soft_mask(u, v, random)
    copy -= image
    copy *= mask
    copy += image
    return np.clip(copy, 0, 1, out=copy)


def _soft_mask(u: Array, v: Array, random: np.random.Generator) -> Array:
    """Return a mask of the inner face; its outline is wavy and fades over about a tenth of the face."""
    angle, radius = np.arctan2(v, u), np.hypot(u / 0.62, (v - 0.12) / 0.74)
    outline = np.ones_like(angle)
    for wave in range(2, 5):
        outline += np.float32(random.uniform(0, 0.06)) * np.cos(
            wave * angle + np.float32(random.uniform(0, 6))
        )
    fade = random.uniform(0.06, 0.18)
    return np.asarray(np.clip((outline - radius) / fade + 0.5, 0, 1) * random.uniform(0.85, 1.0), np.float32)


def _resample(
    image: Array,
    u: Array,
    v: Array,
    zoom: float,
    shift: NDArray[np.float64],
    jitter: NDArray[np.float64],
    coarseness: int,
) -> Array:
    """Return the image in coarser pixels, moved by `shift` and scaled by `zoom` about the face's middle."""
    frames, size = image.shape[1:3]
    # One pixel to the right is this much further in u (the head is turned by little).
    step = float(u[0, 0, 1] - u[0, 0, 0])
    middle_x = (np.arange(size) - (u / step).mean(axis=1)).mean(axis=1)
    middle_y = (np.arange(size) - (v / step).mean(axis=2)).mean(axis=1)
    count = size // coarseness
    whole = image[..., : count * coarseness, : count * coarseness]
    # numpy takes a mean over short axes one by one, which is several times slower
    steps = [slice(start, None, coarseness) for start in range(coarseness)]
    lines = functools.reduce(np.add, [whole[..., step, :] for step in steps])
    coarse = functools.reduce(np.add, [lines[..., step] for step in steps]) / np.float32(coarseness**2)
    result = np.empty_like(image)
    for frame in range(frames):
        (column, across), (row, down) = (
            _neighbours((np.arange(size) - middle) / zoom + middle - move, coarseness, count)
            for middle, move in zip(
                (middle_x[frame], middle_y[frame]), (shift + jitter[frame]) / step, strict=True
            )
        )
        rows = coarse[:, frame, row] * (1 - down)[:, None] + coarse[:, frame, row + 1] * down[:, None]
        result[:, frame] = rows[..., column] * (1 - across) + rows[..., column + 1] * across
    return result


def _neighbours(place: NDArray[np.float64], coarseness: int, count: int) -> tuple[NDArray[np.intp], Array]:
    """Return the coarse pixel before each place (given in fine pixels), and the share of the one after it."""
    coarse = np.clip((place + 0.5) / coarseness - 0.5, 0, count - 1.001)
    before = coarse.astype(np.intp)
    return before, (coarse - before).astype(np.float32)
