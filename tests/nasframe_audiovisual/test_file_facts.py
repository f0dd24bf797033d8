"""Facts of a clip's file: from its headers, and from its sound, which is decoded; damage is told in words."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from nasframe_audiovisual import FileFacts, facts_of_file
from tests.nasframe_audiovisual.films import shifted, tone, write_clip, write_film, write_float_clip

TRIM, SECONDS = 0.2, 1.6


def facts(path: Path) -> FileFacts:
    found = facts_of_file(path, TRIM, SECONDS)
    assert found.problem == ""
    return found


def late(silence: float, seconds: float = 2.2, rate: int = 48_000) -> np.ndarray:
    """A tone after so many seconds of zeros."""
    return np.where(np.arange(round(seconds * rate)) < silence * rate, 0.0, tone(seconds, rate))


def test_headers_tell_container_codecs_length_rates_and_size(tmp_path: Path) -> None:
    found = facts(write_clip(tmp_path / "clip.mp4", seconds=2.0, size=(48, 64), rate=20, sample_rate=22_050))
    assert (found.container, found.codecs) == ("mov/isom", "h264+aac")
    assert (found.width, found.height, found.frame_rate, found.sample_rate) == (64, 48, 20.0, 22_050)
    assert found.duration == pytest.approx(2.0, abs=0.1)
    assert found.duration is not None
    assert found.bit_rate == pytest.approx(8 * (tmp_path / "clip.mp4").stat().st_size / found.duration)
    other = facts(write_film(tmp_path / "film.mkv", video="mpeg4", audio="libopus"))
    assert (other.container, other.codecs) == ("matroska", "mpeg4+opus")
    assert other.encoder.startswith("Lavf")


@pytest.mark.parametrize("silence", [0.0, 0.1, 0.35, 1.0])
def test_leading_silence_is_measured_to_a_few_milliseconds(silence: float, tmp_path: Path) -> None:
    found = facts(write_film(tmp_path / "clip.mkv", sound=late(silence)))
    assert found.leading_silence == pytest.approx(silence, abs=0.005)
    assert found.window_silence == pytest.approx(max(0.0, silence - TRIM), abs=0.005)


def test_sound_that_begins_after_the_pictures_counts_as_silence_before_it_and_the_window_begins_with_it(
    tmp_path: Path,
) -> None:
    found = facts(write_film(tmp_path / "clip.mkv", change=shifted("audio", 0.5), seconds=3.0))
    assert found.leading_silence == pytest.approx(0.5, abs=0.01)
    assert found.window_silence == pytest.approx(0.0, abs=0.01)


def test_the_window_begins_after_the_trim_that_follows_the_first_picture(tmp_path: Path) -> None:
    sound, change = late(0.9), shifted("video", 0.4)
    found = facts(write_film(tmp_path / "c.mkv", sound=sound, change=change, video="mpeg4"))
    assert found.leading_silence == pytest.approx(0.9, abs=0.005)
    assert found.window_silence == pytest.approx(0.9 - 0.4 - TRIM, abs=0.005)


def test_loudness_is_the_root_mean_square_in_decibels_of_full_scale(tmp_path: Path) -> None:
    seconds, rate = 2.2, 16_000
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)
    found = facts(write_float_clip(tmp_path / "clip.mkv", wave))
    expected = 20 * math.log10(0.5 / math.sqrt(2))
    assert found.loudness == pytest.approx(expected, abs=0.05)
    assert found.window_loudness == pytest.approx(expected, abs=0.05)
    half = facts(
        write_float_clip(tmp_path / "half.mkv", np.where(np.arange(len(wave)) < 0.2 * rate, 0, wave))
    )
    assert half.window_loudness == pytest.approx(expected, abs=0.05)  # only the trim is silent
    assert half.loudness is not None
    assert half.loudness == pytest.approx(expected + 10 * math.log10(2.0 / 2.2), abs=0.05)


def test_a_clip_without_any_sound_above_the_threshold_is_silent_to_its_end(tmp_path: Path) -> None:
    found = facts(write_float_clip(tmp_path / "clip.mkv", np.full(35_200, 0.0004)))
    assert found.leading_silence == pytest.approx(2.2, abs=0.01)
    assert found.window_silence == pytest.approx(SECONDS, abs=0.01)
    nothing = facts(write_float_clip(tmp_path / "zeros.mkv", np.zeros(35_200)))
    assert nothing.loudness == -120.0


def test_a_file_that_is_damaged_or_no_clip_has_a_problem_in_words_and_raises_nothing(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mp4")
    (tmp_path / "noise.mp4").write_bytes(b"\x07" * 5000)
    (tmp_path / "short.mp4").write_bytes(whole.read_bytes()[:400])
    (tmp_path / "empty.mp4").touch()
    write_clip(tmp_path / "mute.mp4", audio=False)
    problems = {
        name: facts_of_file(tmp_path / name, TRIM, SECONDS).problem
        for name in ("noise.mp4", "short.mp4", "empty.mp4", "mute.mp4", "missing.mp4")
    }
    assert problems["noise.mp4"].startswith("cannot be decoded (Invalid data")
    assert problems["short.mp4"].startswith("cannot be decoded (")
    assert problems["empty.mp4"] == "the file is empty"
    assert problems["mute.mp4"] == "has no audio stream"
    assert problems["missing.mp4"] == "there is no such file"


def test_a_file_whose_sound_is_no_number_from_some_moment_on_is_measured_up_to_there(tmp_path: Path) -> None:
    sound = late(0.3, rate=16_000)
    sound[30_000:] = np.nan
    found = facts_of_file(write_float_clip(tmp_path / "clip.mkv", sound), TRIM, SECONDS)
    assert "no finite number" in found.problem
    assert (found.container, found.sample_rate) == ("matroska", 16_000)
    assert found.leading_silence == pytest.approx(0.3, abs=0.005)
