"""The pictures of one file with the sound of another, as if they were one."""

from __future__ import annotations

import math
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasframe.runtime import SILENT
from nasframe_audiovisual import (
    ClipError,
    ClipFiles,
    FaceSettings,
    Picture,
    Sound,
    Window,
    facts_of_file,
    first_window,
    play,
    write_streams,
)
from nasframe_audiovisual.media import play_apart
from tests.nasframe_audiovisual.films import (
    bar,
    picture,
    rise,
    shifted,
    tone,
    tones,
    without,
    write_film,
)

MIDDLE = FaceSettings("none").make()
WINDOW = Window(frames=4, size=32)


def square(moment: float) -> Any:
    return picture(moment, 64, 64)


def film(path: Path, **options: Any) -> Path:
    return write_film(path, **({"audio": None, "seconds": 3.0, "pictures": square} | options))


def voice(path: Path, rises: float = 1.0, **options: Any) -> Path:
    """A recording whose tone rises at a second of its own."""
    sound = tone(3.0, 48_000, rises=rises)
    return write_film(path, **({"video": None, "sound": sound, "seconds": 3.0} | options))


def test_the_sound_is_that_of_the_second_file_whatever_the_first_one_has(tmp_path: Path) -> None:
    quiet = film(tmp_path / "quiet.mp4")
    loud = film(tmp_path / "loud.mp4", audio="aac", sound=tone(3.0, 48_000, rises=0.0))
    low = voice(tmp_path / "low.wav", rises=math.inf)
    for path in (quiet, loud):
        recording = first_window(path, WINDOW, MIDDLE, low).recording
        assert tones(recording.samples) == pytest.approx(440, abs=2)
    assert tones(first_window(loud, WINDOW, MIDDLE).recording.samples) == pytest.approx(1200, abs=2)


def test_pieces_come_in_the_order_of_their_times_and_tell_the_moment(tmp_path: Path) -> None:
    parts = [*play_apart(film(tmp_path / "a.mp4"), voice(tmp_path / "a.wav", rises=1.5))]
    begins = [part.moment if isinstance(part, Picture) else part.start / 16_000 for part in parts]
    assert begins == sorted(begins)
    for part in parts:
        if isinstance(part, Picture) and part.moment < 2.9:
            assert bar(part.pixels) == pytest.approx(part.moment, abs=0.1)
    samples = np.concatenate([part.samples for part in parts if isinstance(part, Sound)])
    assert rise(samples) == pytest.approx(1.5, abs=0.03)


def test_two_files_give_the_same_window_as_one_that_joins_them(tmp_path: Path) -> None:
    one = write_film(tmp_path / "joined.mkv", seconds=3.0, pictures=square, sound=tone(3.0, 48_000))
    joined = first_window(one, WINDOW, MIDDLE)
    apart = first_window(film(tmp_path / "a.mkv"), WINDOW, MIDDLE, voice(tmp_path / "a.wav"))
    assert joined.recording.pictures.tobytes() == apart.recording.pictures.tobytes()
    assert joined.recording.samples.tobytes() == apart.recording.samples.tobytes()
    assert (joined.start, joined.end) == (apart.start, apart.end)


def test_each_file_begins_with_its_own_first_stamp(tmp_path: Path) -> None:
    late = film(tmp_path / "late.mkv", change=shifted("video", 5.0))
    recording = first_window(late, WINDOW, MIDDLE, voice(tmp_path / "a.wav")).recording
    plain = first_window(film(tmp_path / "a.mkv"), WINDOW, MIDDLE, voice(tmp_path / "b.wav")).recording
    assert recording.pictures.tobytes() == plain.pictures.tobytes()
    assert recording.samples.tobytes() == plain.samples.tobytes()


def test_sound_that_begins_before_the_pictures_of_its_file_tells_how_far_they_are_behind(
    tmp_path: Path,
) -> None:
    behind = film(tmp_path / "a.mkv", audio="pcm_s16le", change=shifted("video", 0.5))
    alone = next(part for part in play(behind) if isinstance(part, Picture))
    first = next(part for part in play_apart(behind, voice(tmp_path / "a.wav")) if isinstance(part, Picture))
    assert first.moment == alone.moment == pytest.approx(0.5, abs=0.03)
    assert bar(first.pixels) == pytest.approx(0.0, abs=0.1)


def test_pictures_that_pause_without_sound_beside_them_are_left_out_and_the_rest_is_used(
    tmp_path: Path,
) -> None:
    paused = film(
        tmp_path / "a.mkv", seconds=40.0, video="mpeg4", change=without("video", 3.0, 30.0),
        pictures=lambda moment: picture(moment % 3, 64, 64),
    )  # fmt: skip
    long = voice(tmp_path / "a.wav", sound=tone(40.0, 48_000), seconds=40.0)
    pictures = [part for part in play_apart(paused, long) if isinstance(part, Picture)]
    moments = [part.moment for part in pictures]
    assert not any(14 < moment < 29.9 for moment in moments)
    assert max(moments) > 39


def nothing(path: Path) -> Path:
    return path


def text(path: Path) -> Path:
    path.write_text("no sound")
    return path


def empty(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
    return path


@pytest.mark.parametrize(
    ("make", "reason", "words"),
    [
        (nothing, "not-a-file", "there is no such file"),
        (text, "damaged", "not a sound file"),
        (film, "no-sound", "has no audio stream"),
        (empty, "no-sound", "has no sound, its audio stream is empty"),
    ],
)
def test_a_second_file_without_sound_is_refused_and_named(
    tmp_path: Path, make: Callable[[Path], Path], reason: str, words: str
) -> None:
    path = make(tmp_path / "sound.mkv")
    with pytest.raises(ClipError) as caught:
        first_window(film(tmp_path / "a.mp4"), WINDOW, MIDDLE, path)
    assert caught.value.path == path
    assert words in caught.value.message
    assert caught.value.reason == reason


def test_a_first_file_without_pictures_is_refused_and_named(tmp_path: Path) -> None:
    path = voice(tmp_path / "a.wav")
    with pytest.raises(ClipError, match="has no video stream") as caught:
        first_window(path, WINDOW, MIDDLE, voice(tmp_path / "b.wav"))
    assert (caught.value.path, caught.value.reason) == (path, "no-video")


def test_clips_that_share_a_file_share_its_row_and_are_told_apart_by_their_names(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4")
    film(tmp_path / "b.mp4", pictures=lambda moment: 255 - square(moment))
    voice(tmp_path / "low.wav", rises=math.inf)
    voice(tmp_path / "high.wav", rises=0.0)
    clips = [
        ClipFiles(pictures, sound) for pictures in ("a.mp4", "b.mp4") for sound in ("low.wav", "high.wav")
    ]
    (out := tmp_path / "out").mkdir()
    decoded = write_streams(tmp_path, clips, out, WINDOW, 40, 1, SILENT)
    assert decoded.rows == {
        "a.mp4+low.wav": (0, 0),
        "a.mp4+high.wav": (0, 1),
        "b.mp4+low.wav": (1, 0),
        "b.mp4+high.wav": (1, 1),
    }
    assert (decoded.pictures, decoded.sounds) == (2, 2)


def test_the_facts_of_two_files_are_those_of_both(tmp_path: Path) -> None:
    path, sound = (
        film(tmp_path / "a.mp4"),
        voice(tmp_path / "a.wav", sample_rate=22_050, sound=tone(3, 22_050)),
    )
    facts = facts_of_file(path, 0.2, 1.6, sound)
    assert facts.problem == ""
    assert facts.container == "mov/isom+wav"
    assert facts.codecs == "h264+pcm_s16le"
    assert facts.duration == pytest.approx(3.0, abs=0.1)
    assert facts.bit_rate == 8 * (path.stat().st_size + sound.stat().st_size) / facts.duration
    assert (facts.width, facts.height, facts.sample_rate) == (64, 64, 22_050)
    assert facts.loudness == pytest.approx(20 * math.log10(0.5 / math.sqrt(2)), abs=0.1)
    assert facts.leading_silence == pytest.approx(0.0, abs=0.01)


def test_the_facts_of_a_clip_without_its_second_file_name_that_file(tmp_path: Path) -> None:
    facts = facts_of_file(film(tmp_path / "a.mp4"), 0.2, 1.6, tmp_path / "b.wav")
    assert facts.problem == f"{tmp_path / 'b.wav'}: there is no such file"
