"""Short-time spectra of waveforms, waveforms of spectra, and mel bands.

On numpy's Fourier transform alone: worker processes import this file, `scipy.signal` takes them 0.7 s, and
torchaudio needs torch. Another library would also change the last digits of the clips.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

__all__ = ["HOP", "SIZE", "analyse", "mel_bands", "synthesise"]

SIZE = 512
HOP = 128

_WINDOW = np.hanning(SIZE + 1)[:-1]


def analyse(samples: NDArray[np.float64]) -> NDArray[np.complex128]:
    """Return spectra `(frames, SIZE // 2 + 1)` of Hann-windowed frames centred at every HOP samples."""
    padded = np.pad(samples, SIZE // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, SIZE)[::HOP]
    return np.asarray(np.fft.rfft(frames * _WINDOW, axis=1))


def synthesise(spectra: NDArray[np.complex128], length: int) -> NDArray[np.float64]:
    """Return `length` samples with frames nearest to `spectra` in least squares (Griffin and Lim, 1984)."""
    frames = np.fft.irfft(spectra, SIZE, axis=1) * _WINDOW
    count, parts = len(frames), SIZE // HOP
    total = np.zeros((count + parts - 1, HOP))
    weight = np.zeros((count + parts - 1, HOP))
    squared = (_WINDOW**2).reshape(parts, HOP)
    for part in range(parts):
        total[part : part + count] += frames[:, part * HOP : (part + 1) * HOP]
        weight[part : part + count] += squared[part]
    samples = (total / np.maximum(weight, 1e-3)).reshape(-1)[SIZE // 2 :]
    return np.pad(samples, (0, max(0, length - len(samples))))[:length]


@functools.cache
def mel_bands(count: int, rate: int) -> NDArray[np.float64]:
    """Return triangular filters `(count, SIZE // 2 + 1)`, evenly spaced in mel, each with sum one."""
    highest = 2595 * np.log10(1 + rate / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, highest, count + 2) / 2595) - 1)
    bins = np.linspace(0, rate / 2, SIZE // 2 + 1)
    lower, centre, upper = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    filters = np.clip(
        np.minimum((bins - lower) / (centre - lower), (upper - bins) / (upper - centre)), 0, None
    )
    # A band narrower than a bin would be empty, so it gets its nearest bin.
    for row in np.flatnonzero(filters.sum(1) < 1e-9):
        filters[row, np.abs(bins - centre[row]).argmin()] = 1
    return np.asarray(filters / filters.sum(1, keepdims=True))
