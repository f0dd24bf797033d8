from __future__ import annotations

import numpy as np
import pytest

from nasframe_deepfake.synthesis.loudness import Level, draw_level, set_level


def loudness(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(np.sqrt(np.mean(samples**2)))


@pytest.mark.parametrize("shape", ["pulses", "noise"])
def test_loudness_and_peak_are_those_asked_for_whatever_the_wave(shape: str) -> None:
    samples = np.random.default_rng(0).normal(0, 1, 16_000)
    if shape == "pulses":
        samples *= 1 + 5 * (np.arange(16_000) % 160 < 4)
    samples = set_level(samples, Level(0.06, 3.2))
    assert loudness(samples) == pytest.approx(0.06, rel=0.01)
    assert np.abs(samples).max() == pytest.approx(0.06 * 3.2, rel=1e-6)


def test_peaks_are_turned_down_and_not_cut_off() -> None:
    tone = np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000)
    swell = tone * np.where(np.arange(16_000) > 14_000, 8, 1)
    samples = set_level(swell, Level(0.07, 2.8))
    piece = samples[15_000:15_800]
    assert np.corrcoef(piece, tone[15_000:15_800])[0, 1] > 0.999


def test_silence_stays_silent() -> None:
    assert not set_level(np.zeros(1000), Level(0.07, 3.0)).any()


def test_a_level_comes_from_a_range_of_three_decibels() -> None:
    random = np.random.default_rng(0)
    levels = [draw_level(random) for _ in range(300)]
    decibels = 20 * np.log10([level.loudness / 0.07 for level in levels])
    assert -1.5 <= decibels.min() < -1.4
    assert 1.4 < decibels.max() <= 1.5
    assert all(2.8 <= level.crest <= 3.8 for level in levels)
