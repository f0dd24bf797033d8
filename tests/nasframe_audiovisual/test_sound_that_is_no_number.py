"""Float sound that holds no number, an infinity, or samples far beyond full scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nasframe.errors import DataError
from nasframe_audiovisual import SAMPLE_RATE, Sound, play
from tests.nasframe_audiovisual.films import write_float_clip


def tone(seconds: float = 2.0) -> NDArray[np.float64]:
    return 0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE)


def test_one_sample_that_is_no_number_is_an_error_with_its_moment(tmp_path: Path) -> None:
    samples = tone()
    samples[8000] = np.nan
    with pytest.raises(DataError, match=r"bad\.mkv: its sound holds 1 samples .* nan, at 0\.50 s"):
        list(play(write_float_clip(tmp_path / "bad.mkv", samples)))


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("codec", ["pcm_f32le", "pcm_f64le"])
def test_an_infinite_sample_is_an_error(tmp_path: Path, value: float, codec: str) -> None:
    samples = tone()
    samples[8000] = value
    with pytest.raises(DataError, match="no finite number"):
        list(play(write_float_clip(tmp_path / "bad.mkv", samples, codec=codec)))


@pytest.mark.parametrize("factor", [1e2, 32768, 1e6, 3e38])
def test_sound_far_beyond_full_scale_is_an_error(tmp_path: Path, factor: float) -> None:
    with pytest.raises(DataError, match="times as loud as full scale"):
        list(play(write_float_clip(tmp_path / "bad.mkv", tone() * factor)))


def test_a_number_too_large_for_float32_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no finite number"):
        list(play(write_float_clip(tmp_path / "bad.mkv", tone() * 1e300, codec="pcm_f64le")))


@pytest.mark.parametrize("rate", [16_000, 44_100])
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_a_bad_sample_is_found_in_any_channel_and_at_any_rate(tmp_path: Path, rate: int, layout: str) -> None:
    channels = 2 if layout == "stereo" else 1
    samples = np.tile(0.3 * np.sin(np.arange(2 * rate) / 10), (channels, 1))
    samples[-1, rate] = np.nan
    with pytest.raises(DataError, match="no finite number"):
        list(play(write_float_clip(tmp_path / "bad.mkv", samples, rate=rate, layout=layout)))


def test_float_sound_a_little_above_full_scale_is_read(tmp_path: Path) -> None:
    parts = play(write_float_clip(tmp_path / "hot.mkv", tone() * 10))
    loudest = max(np.abs(part.samples).max() for part in parts if isinstance(part, Sound))
    assert 2.9 < loudest < 3.1
