"""The first window of a clip: what it holds, and the words for a file that has none."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from nasframe.errors import DataError
from nasframe_audiovisual import SAMPLE_RATE, FaceSettings, Recording, Window, first_window, play
from tests.nasframe_audiovisual.films import bar, picture, write_clip, write_film

WINDOW = Window(trim=0.2, seconds=1.6, frames=16, size=32)


def recorded(path: Path) -> Recording:
    return first_window(path, WINDOW, FaceSettings("none").make()).recording


def test_pictures_are_those_on_screen_at_even_moments_after_the_trim(tmp_path: Path) -> None:
    recording = recorded(write_clip(tmp_path / "clip.mp4"))
    assert recording.pictures.shape == (16, 32, 32, 3)
    assert recording.pictures.dtype == np.uint8
    moments = 0.2 + 0.1 * (np.arange(16) + 0.5)
    shown = np.floor(moments * 25) / 25
    assert recording.pictures.mean((1, 2, 3)) == pytest.approx(20 + 100 * shown, abs=3)


def test_sound_is_mono_at_16_khz_and_starts_after_the_trim(tmp_path: Path) -> None:
    recording = recorded(write_clip(tmp_path / "clip.mp4", sample_rate=44_100))
    assert recording.samples.shape == (round(1.6 * SAMPLE_RATE),)
    spectrum = np.abs(np.fft.rfft(recording.samples))
    assert spectrum.argmax() / 1.6 == pytest.approx(440, abs=1)
    moments = 0.2 + np.arange(len(recording.samples)) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * 440 * moments)
    assert np.corrcoef(tone, recording.samples)[0, 1] > 0.95


def test_a_frame_rate_below_ours_repeats_pictures(tmp_path: Path) -> None:
    recording = recorded(write_clip(tmp_path / "slow.mp4", rate=5))
    assert len({picture.tobytes() for picture in recording.pictures}) <= 9


def test_the_middle_square_of_a_wide_picture_is_taken(tmp_path: Path) -> None:
    path = write_film(tmp_path / "wide.mkv", pictures=lambda moment: picture(moment + 0.8))
    recording = recorded(path)
    assert recording.pictures.shape[1:3] == (32, 32)
    for number, pixels in enumerate(recording.pictures):
        # it is the middle half, so the bar moves twice as fast, and begins a second (less its width) later
        assert bar(pixels) / 2 + 0.875 == pytest.approx(0.8 + 0.25 + 0.1 * number, abs=0.09)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: write_clip(path, audio=False), "has no audio stream"),
        (lambda path: write_clip(path, video=False), "has no video stream"),
        (lambda path: write_clip(path, seconds=1.0), "shorter than a window"),
        (lambda path: path.write_text("this is not a film"), "cannot be decoded"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
        (lambda path: path.write_bytes(b"") or path.unlink(), "there is no such file"),
        (lambda path: path.mkdir(), "is a folder; expected a video file"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path: Path, make: object, reason: str) -> None:
    path = tmp_path / "bad.mp4"
    make(path)  # type: ignore[operator]
    with pytest.raises(DataError, match=rf"bad\.mp4: .*{reason}"):
        recorded(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_named_with_what_is_wrong(
    clips: list[Path], tmp_path: Path, share: float
) -> None:
    whole = clips[0].read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DataError, match=r"cut\.mp4: "):
        recorded(path)


def test_damage_in_the_middle_of_a_file_is_an_error_or_harmless(clips: list[Path], tmp_path: Path) -> None:
    whole = bytearray(clips[0].read_bytes())
    path, outcomes = tmp_path / "damaged.mp4", []
    for start in range(200, len(whole) - 400, len(whole) // 12):
        path.write_bytes(whole[:start] + bytes(200) + whole[start + 200 :])
        try:
            shape = recorded(path).pictures.shape
        except DataError as error:
            outcomes.append("damaged.mp4" in str(error))
        else:
            outcomes.append(shape == (16, 32, 32, 3))
    assert all(outcomes)


def test_whatever_bytes_are_wrong_a_file_is_read_or_named(clips: list[Path], tmp_path: Path) -> None:
    """Half of the damage is in the index at the end, where codecs, sizes and times are written."""
    whole = [path.read_bytes() for path in clips]
    chance, path = random.Random(0), tmp_path / "damaged.mp4"
    complaints = []
    for _ in range(250):
        data = bytearray(chance.choice(whole))
        for _ in range(chance.randint(1, 12)):
            start = len(data) - 3000 if chance.random() < 0.6 else 0
            data[chance.randrange(start, len(data))] = chance.randrange(256)
        path.write_bytes(data)
        try:
            recorded(path)
        except DataError as error:
            complaints.append(str(error))
    assert 0 < len(complaints) < 250
    assert all(text.startswith(f"{path}: ") for text in complaints)


def test_a_stream_of_an_unknown_codec_is_named(clips: list[Path], tmp_path: Path) -> None:
    data = clips[0].read_bytes()
    assert data.count(b"avc1") >= 1
    path = tmp_path / "odd.mp4"
    path.write_bytes(data.replace(b"avc1", b"qqqq"))
    with pytest.raises(
        DataError, match=r"odd\.mp4: cannot be decoded \(its video stream has an unknown codec"
    ):
        recorded(path)


def test_tags_in_another_encoding_do_no_harm(clips: list[Path], tmp_path: Path) -> None:
    data = clips[0].read_bytes()
    assert b"VideoHandler" in data
    path = tmp_path / "tagged.mp4"
    path.write_bytes(data.replace(b"VideoHandler", "Vidéo-Träger".encode("latin-1")))
    assert recorded(path).pictures.shape == (16, 32, 32, 3)


def test_the_rest_of_the_file_is_not_read(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "a.mp4", audio="aac", seconds=6.0, container_options={"movflags": "faststart"},
        pictures=lambda moment: picture(moment / 3),
    )  # fmt: skip
    whole = recorded(path)
    data = bytearray(path.read_bytes())
    late = round(0.8 * len(data))
    data[late : late + 1500] = bytes(1500)
    path.write_bytes(data)
    assert np.array_equal(recorded(path).samples, whole.samples)
    with pytest.raises(DataError, match="damaged"):
        list(play(path))
