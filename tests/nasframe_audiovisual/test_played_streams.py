"""Which of the streams of a file is played: the one that a player plays."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from av.stream import Disposition

from nasframe_audiovisual import ClipError, Picture, Sound, play
from tests.nasframe_audiovisual.films import Audio, Video, tone, tones, write_film, write_many_streams

RED, GREEN, BLUE = (200, 30, 30), (30, 200, 30), (30, 30, 200)
D = Disposition


def played(path: Path) -> tuple[int, float]:
    """The number of the strongest colour, and the frequency."""
    pieces = list(play(path))
    colours = [piece.pixels.mean((0, 1)).argmax() for piece in pieces if isinstance(piece, Picture)]
    samples = np.concatenate([piece.samples for piece in pieces if isinstance(piece, Sound)])
    assert len(set(colours)) == 1
    return int(colours[0]), tones(samples[:8000])


FILM: Video = ("libx264", RED, D.default)


@pytest.mark.parametrize(
    ("ending", "sounds"),
    [
        ("mkv", [(0, D(0)), (440, D.default)]),
        ("mp4", [(0, D(0)), (440, D.default)]),
        ("mov", [(0, D(0)), (440, D.default)]),
        ("mkv", [(440, D.default), (900, D.default)]),
        ("mp4", [(440, D.default), (900, D.default)]),
        ("mkv", [(900, D.comment), (440, D(0))]),
        ("mkv", [(900, D.visual_impaired), (700, D.hearing_impaired), (440, D(0))]),
        ("mkv", [(440, D.comment | D.default), (900, D(0))]),
        ("mkv", [(440, D.comment)]),
    ],
)
def test_the_sound_of_a_player_is_taken(tmp_path: Path, ending: str, sounds: list[Audio]) -> None:
    path = write_many_streams(tmp_path / f"a.{ending}", [FILM, *sounds])
    assert played(path)[1] == pytest.approx(440, abs=3)


def test_the_default_pictures_are_taken_before_the_first_ones(tmp_path: Path) -> None:
    other: Video = ("libx264", BLUE, D(0))
    assert played(write_many_streams(tmp_path / "a.mkv", [other, FILM, (440, D.default)]))[0] == 0


@pytest.mark.parametrize("order", ["before", "after"])
@pytest.mark.parametrize(
    ("ending", "codec", "mark"),
    [
        ("mp4", "mjpeg", D.attached_pic),
        ("mp4", "png", D.attached_pic),
        ("mkv", "mjpeg", D.attached_pic),
        ("mkv", "mjpeg", D(0)),
        ("mkv", "mjpeg", D.default),
        ("mov", "mjpeg", D.default),
        ("nut", "mjpeg", D(0)),
    ],
)
def test_a_cover_picture_is_no_film(tmp_path: Path, ending: str, codec: str, mark: Any, order: str) -> None:
    cover: Video = (codec, GREEN, mark)
    film: Video = ("libx264", RED, D(0))
    streams = [cover, film] if order == "before" else [film, cover]
    path = write_many_streams(tmp_path / f"a.{ending}", [*streams, (440, D.default)])
    assert played(path)[0] == 0


@pytest.mark.parametrize(
    ("ending", "codec"),
    [("mp4", "mjpeg"), ("m4a", "mjpeg"), ("m4a", "png"), ("mp3", "mjpeg"), ("mp3", "png"), ("mkv", "mjpeg")],
)
def test_music_with_a_cover_has_no_video(tmp_path: Path, ending: str, codec: str) -> None:
    music: list[Video | Audio] = [(440, D.default), (codec, GREEN, D.attached_pic)]
    path = write_many_streams(tmp_path / f"song.{ending}", music)
    with pytest.raises(ClipError, match=r"song\.\w+: has no video, only a cover picture") as caught:
        list(play(path))
    assert caught.value.reason == "no-video"


def test_a_film_of_jpeg_pictures_is_a_film(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "a.avi",
        video="mjpeg",
        pix_fmt="yuvj420p",
        seconds=1.0,
        pictures=lambda _: np.full((48, 64, 3), RED, np.uint8),
        sound=tone(1.0, 48_000, rises=math.inf),
    )
    assert played(path) == (0, pytest.approx(440, abs=3))


def test_a_stream_that_cannot_be_decoded_gives_way_to_one_that_can(tmp_path: Path) -> None:
    path = write_many_streams(tmp_path / "a.mkv", [FILM, (900, D.default), (440, D(0))])
    data = path.read_bytes()
    first = data.index(b"A_AAC")
    path.write_bytes(data[:first] + b"A_QQQ" + data[first + 5 :])
    assert played(path)[1] == pytest.approx(440, abs=3)


@pytest.mark.parametrize(
    ("streams", "reason", "words"),
    [
        ([FILM], "no-sound", "has no audio stream"),
        ([(440, D.default)], "no-video", "has no video stream"),
    ],
)
def test_a_missing_stream_is_named(
    tmp_path: Path, streams: list[Video | Audio], reason: str, words: str
) -> None:
    with pytest.raises(ClipError, match=words) as caught:
        list(play(write_many_streams(tmp_path / "a.mkv", streams)))
    assert caught.value.reason == reason


def test_the_clock_begins_with_the_played_streams_and_no_other(tmp_path: Path) -> None:
    """A third stream that begins four seconds before them says nothing."""
    streams: list[Video | Audio] = [FILM, (440, D.default), (900, D(0))]
    path = write_many_streams(tmp_path / "a.mkv", streams, begin=[4, 4, 0])
    first = next(piece for piece in play(path) if isinstance(piece, Picture))
    assert first.moment == 0
    assert played(path)[1] == pytest.approx(440, abs=3)
