"""One pass over a clip: which pictures are on screen, what is let pass, and what it costs."""

from __future__ import annotations

import gc
import pickle
import tracemalloc
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from nasframe_audiovisual import (
    SAMPLE_RATE,
    ClipError,
    Picture,
    Sound,
    play,
)
from nasframe_audiovisual.media.pictures import HELD, PictureTrack
from tests.nasframe_audiovisual.films import bar, write_film


def shown(times: Sequence[float | None], step: float = 0.1, last: float = 0.04) -> list[tuple[float, int]]:
    """The moments of pictures and the numbers of their frames, for frames with these stamps."""
    track = PictureTrack(
        Path("clip.mkv"), 0.0, step, lambda frame: np.full((2, 2, 3), frame.opaque, np.uint8)
    )
    pictures: list[Picture] = []
    for number, time in enumerate(times):
        frame = av.VideoFrame(16, 16, "rgb24")
        frame.opaque = number
        frame.time_base = Fraction(1, 1000)
        frame.duration = round(last * 1000)
        pictures += track.add(frame, time)
    pictures += track.finish()
    return [(round(picture.moment, 6), int(picture.pixels[0, 0, 0])) for picture in pictures]


def even(count: int = 25, begin: float = 0.0) -> list[float | None]:
    return [begin + 0.04 * number for number in range(count)]


PLAIN = shown(even())


def test_a_moment_shows_the_last_frame_that_began() -> None:
    assert [(round(0.1 * k, 6), min(24, int(0.1 * k / 0.04 + 1e-6))) for k in range(12)] == PLAIN


@pytest.mark.parametrize("number", [0, 1, 12, 23, 24])
@pytest.mark.parametrize("stamp", [30_000.0, -30_000.0, 1e12])
def test_one_wrong_stamp_costs_its_frame_alone(number: int, stamp: float) -> None:
    times = even()
    times[number] = stamp
    found = [pair for pair in shown(times) if pair[0] < 0.9]
    for moment, frame in found:
        # moments count from the first frame that is shown
        expected = min(24, int(moment / 0.04 + 1e-6))
        assert frame == (expected - 1 if expected == number else expected)
    assert len(found) >= 8


def test_frames_without_stamps_follow_each_other() -> None:
    times = even()
    times[5:20] = [None] * 15
    assert shown(times) == PLAIN


def test_stamps_that_jump_for_good_are_an_error() -> None:
    with pytest.raises(ClipError, match=r"jump from 0\.96 to 30000\.96 s; expected no pause") as caught:
        shown([*even(), *even(25, 30_000.96)])
    assert caught.value.reason == "time-stamps"
    with pytest.raises(ClipError, match=r"the time stamps of its pictures jump back to 0\.\d\d s") as caught:
        shown([*even(100), *even(100)])
    assert caught.value.reason == "time-stamps"


def test_a_still_slide_is_held_and_after_seconds_no_more() -> None:
    found = shown([0.0, 0.04, 60.0, 60.04])
    assert [moment for moment, frame in found if frame == 1] == pytest.approx(np.arange(1, 101) / 10)
    assert HELD == 10
    assert [moment for moment, frame in found if frame > 1][:2] == [60.0, 60.1]


@pytest.mark.parametrize(("last", "end"), [(0.0, 1.16), (0.04, 1.16), (0.6, 1.56), (9.0, 1.96), (1e6, 1.96)])
def test_the_last_frame_stays_as_long_as_it_says_but_a_second_at_most(last: float, end: float) -> None:
    found = shown(even(), last=last)
    assert found[-1][0] == pytest.approx(np.ceil(10 * end - 1e-6) / 10 - 0.1)


def test_pauses_of_pictures_without_any_sound_are_an_hour_together_at_most(tmp_path: Path) -> None:
    """A file of some kilobytes would otherwise say that it takes months."""

    def slow(packet: Any) -> Sequence[Any]:
        if packet.stream.type == "video":
            packet.pts, packet.dts = 1000 * packet.pts, 1000 * packet.dts
        return [packet]

    path = write_film(tmp_path / "a.mkv", video="mjpeg", pix_fmt="yuvj420p", seconds=8.0, change=slow)
    with pytest.raises(ClipError, match=r"its pictures leave \d+ s without any up to") as caught:
        list(play(path))
    assert caught.value.reason == "time-stamps"


def test_slides_that_stay_for_long_under_sound_may_pause_for_as_long_as_the_sound_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nasframe_audiovisual.media.pauses.LONGEST_PAUSE", 30.0)
    path = write_film(tmp_path / "a.mkv", audio="flac", sample_rate=8000, seconds=200.0, rate=Fraction(1, 20))
    pictures = [piece for piece in play(path) if isinstance(piece, Picture)]
    assert len({id(picture.pixels) for picture in pictures}) > 8
    assert pictures[-1].moment > 160


def test_pictures_and_sound_come_in_step(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", audio="aac", layout="stereo", seconds=8.0)
    picture = sound = 0.0
    for piece in play(path):
        if isinstance(piece, Sound):
            sound = (piece.start + len(piece.samples)) / SAMPLE_RATE
        else:
            picture = piece.moment
        assert abs(picture - sound) < 1.0


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    peaks = []
    for seconds in (4.0, 40.0):
        path = write_film(
            tmp_path / f"{seconds}.mp4", audio="aac", layout="stereo", seconds=seconds, rate=10,
            video_options={"preset": "ultrafast"},
        )  # fmt: skip
        list(play(path))
        tracemalloc.start()
        for _ in play(path):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 100_000


def test_frames_are_let_go_without_the_collector_of_garbage(tmp_path: Path) -> None:
    """One of 720p has over a megabyte, and the collector runs after hundreds of them."""
    path = write_film(tmp_path / "a.mp4", audio="aac", seconds=4.0)
    gc.collect()
    gc.disable()
    try:
        parts = sum(1 for _ in play(path))
        left = [item for item in gc.get_objects() if type(item) in (av.VideoFrame, av.AudioFrame)]
    finally:
        gc.enable()
    assert parts > 40
    assert len(left) == 0


def test_frames_that_no_moment_shows_are_not_converted(tmp_path: Path) -> None:
    converted = 0

    def fit(width: int, height: int) -> tuple[int, int]:
        nonlocal converted
        converted += 1
        return width, height

    path = write_film(tmp_path / "a.mp4", audio="aac")
    pictures = [piece for piece in play(path, step=0.5, fit=fit) if isinstance(piece, Picture)]
    assert converted == len({id(picture.pixels) for picture in pictures}) == 6


def test_a_pass_may_end_early(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", audio="aac")
    for _ in range(20):
        pieces = play(path)
        next(pieces)
        pieces.close()
        assert next(pieces, None) is None


def test_a_recording_in_fragments_that_broke_off_in_a_picture_is_played_to_its_end(tmp_path: Path) -> None:
    """The decoder gives its last whole pictures after the damage alone, when it is emptied."""
    path = write_film(
        tmp_path / "a.mp4",
        audio="aac",
        seconds=4.0,
        video_options={"g": "12", "bf": "2"},
        container_options={"movflags": "frag_keyframe+empty_moov"},
    )
    data = path.read_bytes()
    fragment = data.rindex(b"mdat", 0, data.rindex(b"mdat"))  # the last but one
    for cut in (8, 50, 120, 200, 280, 1000, 3000):  # its pictures lie before its sound
        path.write_bytes(data[: fragment + cut])
        pictures = [piece for piece in play(path) if isinstance(piece, Picture)]
        assert pictures[-1].moment > 3.0
        late, end = (picture.moment - bar(picture.pixels) for picture in (pictures[5], pictures[29]))
        assert end == pytest.approx(late, abs=0.06)  # such a file says that its pictures begin a little late


@pytest.mark.parametrize("ending", ["mp4", "flv", "ts", "mkv"])
def test_a_recording_that_broke_off_is_played_to_its_end(tmp_path: Path, ending: str) -> None:
    options = {"movflags": "faststart"} if ending == "mp4" else {}
    path = write_film(tmp_path / f"a.{ending}", audio="aac", seconds=4.0, container_options=options)
    data = path.read_bytes()
    path.write_bytes(data[: round(0.7 * len(data))])
    pieces = list(play(path))
    pictures = [piece for piece in pieces if isinstance(piece, Picture)]
    assert pictures[-1].moment > 2
    assert bar(pictures[15].pixels) == pytest.approx(pictures[15].moment, abs=0.2)


def test_a_broadcast_that_was_cut_in_begins_with_its_first_whole_picture(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "a.ts", video="mpeg2video", audio="mp2", seconds=4.0, video_options={"g": "25"}
    )
    data = path.read_bytes()
    path.write_bytes(data[len(data) // 4 // 188 * 188 :])
    pictures = [piece for piece in play(path) if isinstance(piece, Picture)]
    shift = bar(pictures[3].pixels) - pictures[3].moment
    assert 0.6 < shift < 2
    for picture in pictures[3:14]:
        assert bar(picture.pixels) - picture.moment == pytest.approx(shift, abs=0.1)


def test_streams_that_appear_later_do_no_harm(tmp_path: Path) -> None:
    """As in a broadcast between two programmes."""
    options = {"video": "mpeg2video", "audio": "mp2"}
    first = write_film(tmp_path / "first.ts", **options)  # type: ignore[arg-type]
    second = write_film(
        tmp_path / "second.ts",
        container_options={"mpegts_start_pid": "512"},
        **options,  # type: ignore[arg-type]
    )
    path = tmp_path / "both.ts"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    pieces = list(play(path))
    assert sum(isinstance(piece, Picture) for piece in pieces) >= 21
    assert sum(len(piece.samples) for piece in pieces if isinstance(piece, Sound)) > 2 * SAMPLE_RATE


def test_damage_in_the_middle_is_an_error(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", audio="aac", seconds=4.0)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = b"\xff" * 3000
    path.write_bytes(data)
    with pytest.raises(ClipError, match="cannot be decoded") as caught:
        list(play(path))
    assert caught.value.reason == "damaged"


def test_an_error_passes_between_processes() -> None:
    error = ClipError(Path("a.mp4"), "has no video", "no-video")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.message, again.reason) == ("a.mp4: has no video", "has no video", "no-video")


def test_pictures_of_more_pixels_than_8k_are_refused_before_one_is_decoded(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "a.mkv", video="ffv1", seconds=0.2, pictures=lambda _: np.full((256, 256, 3), 90, np.uint8)
    )
    data = path.read_bytes()
    for mark in (b"\xb0", b"\xba"):  # PixelWidth and PixelHeight
        assert data.count(mark + b"\x82\x01\x00") == 1
        data = data.replace(mark + b"\x82\x01\x00", mark + b"\x82\x40\x00")
    path.write_bytes(data)
    with pytest.raises(ClipError, match="or a damaged size; expected at most 35389440 pixels") as caught:
        list(play(path))
    assert caught.value.reason == "too-large"
