"""Which of the tracks of a file is played: the one that a player plays."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.stream import Disposition
from numpy.typing import NDArray

from nasframe_audiovisual import ClipError, Picture, Sound, play
from tests.nasframe_audiovisual.films import tones

RED, GREEN, BLUE = (200, 30, 30), (30, 200, 30), (30, 30, 200)
D = Disposition
Video = tuple[str, tuple[int, int, int], Any]
Audio = tuple[int, Any]


def write_tracks(path: Path, tracks: list[Video | Audio], begin: Sequence[int] = ()) -> Path:
    """A file of these tracks, a second long, and the seconds at which they begin if not all at 0.

    A track is (codec, colour, disposition) for pictures, (hertz, disposition) for sound.
    """
    kind = "mp4" if path.suffix == ".m4a" else None
    with av.open(str(path), "w", format=kind) as container:
        streams: list[Any] = []
        for track in tracks:
            if len(track) == 3:
                stream: Any = container.add_stream(track[0], rate=25)
                stream.width, stream.height = 64, 48
                stream.pix_fmt = {"mjpeg": "yuvj420p", "png": "rgb24"}.get(track[0], "yuv420p")
            else:
                sound = "libmp3lame" if path.suffix == ".mp3" else "aac"
                stream = container.add_stream(sound, rate=16_000, layout="mono")
            stream.disposition = track[-1]
            streams.append(stream)
        packets: list[Any] = []
        for stream, track, second in zip(streams, tracks, begin or [0] * len(tracks), strict=True):
            if len(track) == 3:
                for number in range(1 if track[0] in ("mjpeg", "png") else 25):
                    packets += stream.encode(plain(track[1], number + 25 * second))
            else:
                for start in range(0, 16_000, 1024):
                    packets += stream.encode(sine(track[0], start + 16_000 * second))
            packets += stream.encode(None)
        container.start_encoding()
        packets.sort(key=lambda packet: float((packet.dts or 0) * packet.time_base))
        for packet in packets:
            container.mux(packet)
    return path


def plain(colour: tuple[int, int, int], number: int) -> av.VideoFrame:
    pixels: NDArray[np.uint8] = np.full((48, 64, 3), colour, np.uint8)
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
    frame.pts, frame.time_base = number, Fraction(1, 25)
    return frame


def sine(hertz: int, start: int, layout: str = "mono") -> av.AudioFrame:
    samples = 0.3 * np.sin(2 * np.pi * hertz * (start + np.arange(1024)) / 16_000)
    frame = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = 16_000, start, Fraction(1, 16_000)
    return frame


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
    path = write_tracks(tmp_path / f"a.{ending}", [FILM, *sounds])
    assert played(path)[1] == pytest.approx(440, abs=3)


def test_the_default_pictures_are_taken_before_the_first_ones(tmp_path: Path) -> None:
    other: Video = ("libx264", BLUE, D(0))
    assert played(write_tracks(tmp_path / "a.mkv", [other, FILM, (440, D.default)]))[0] == 0


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
    tracks = [cover, film] if order == "before" else [film, cover]
    path = write_tracks(tmp_path / f"a.{ending}", [*tracks, (440, D.default)])
    assert played(path)[0] == 0


@pytest.mark.parametrize(
    ("ending", "codec"),
    [("mp4", "mjpeg"), ("m4a", "mjpeg"), ("m4a", "png"), ("mp3", "mjpeg"), ("mp3", "png"), ("mkv", "mjpeg")],
)
def test_music_with_a_cover_has_no_video(tmp_path: Path, ending: str, codec: str) -> None:
    music: list[Video | Audio] = [(440, D.default), (codec, GREEN, D.attached_pic)]
    path = write_tracks(tmp_path / f"song.{ending}", music)
    with pytest.raises(ClipError, match=r"song\.\w+: has no video, only a cover picture") as caught:
        list(play(path))
    assert caught.value.reason == "no-video"


def test_a_film_of_jpeg_pictures_is_a_film(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.avi"), "w") as container:
        video: Any = container.add_stream("mjpeg", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuvj420p"
        audio: Any = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for number in range(25):
            container.mux(video.encode(plain(RED, number)))
        container.mux(video.encode(None))
        resampler = av.AudioResampler(format="s16", layout="mono", rate=16_000)
        for start in range(0, 16_000, 1024):
            for frame in resampler.resample(sine(440, start)):
                container.mux(audio.encode(frame))
    assert played(tmp_path / "a.avi") == (0, pytest.approx(440, abs=3))


def test_a_track_that_cannot_be_decoded_gives_way_to_one_that_can(tmp_path: Path) -> None:
    path = write_tracks(tmp_path / "a.mkv", [FILM, (900, D.default), (440, D(0))])
    data = path.read_bytes()
    first = data.index(b"A_AAC")
    path.write_bytes(data[:first] + b"A_QQQ" + data[first + 5 :])
    assert played(path)[1] == pytest.approx(440, abs=3)


@pytest.mark.parametrize(
    ("tracks", "reason", "words"),
    [
        ([FILM], "no-sound", "has no audio stream"),
        ([(440, D.default)], "no-video", "has no video stream"),
    ],
)
def test_a_missing_stream_is_named(
    tmp_path: Path, tracks: list[Video | Audio], reason: str, words: str
) -> None:
    with pytest.raises(ClipError, match=words) as caught:
        list(play(write_tracks(tmp_path / "a.mkv", tracks)))
    assert caught.value.reason == reason


def test_the_clock_begins_with_the_played_tracks_and_no_other(tmp_path: Path) -> None:
    """A third track that begins four seconds before them says nothing."""
    tracks: list[Video | Audio] = [FILM, (440, D.default), (900, D(0))]
    path = write_tracks(tmp_path / "a.mkv", tracks, begin=[4, 4, 0])
    first = next(piece for piece in play(path) if isinstance(piece, Picture))
    assert first.moment == 0
    assert played(path)[1] == pytest.approx(440, abs=3)
