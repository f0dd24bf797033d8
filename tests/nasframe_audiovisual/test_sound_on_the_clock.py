"""Sound lies where its time stamps say, with the holes that it has, whatever is wrong with single stamps."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from nasframe_audiovisual import SAMPLE_RATE, ClipError, Picture, Sound, play
from nasframe_audiovisual.media.sound import SoundTrack
from tests.nasframe_audiovisual.films import (
    bar,
    join_films,
    picture,
    rise,
    shifted,
    tone,
    without,
    write_film,
)

FRAME = 0.02
"""Seconds of a frame of these tests, as of Opus."""


def heard(pieces: Sequence[Picture | Sound]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """All samples, and which of them were recorded. Consecutive pieces have no holes between them."""
    samples, marks, end = [], [], 0
    for piece in pieces:
        if isinstance(piece, Sound):
            assert piece.start == end
            assert piece.samples.dtype == np.float32
            end += len(piece.samples)
            samples.append(piece.samples)
            marks.append(np.full(len(piece.samples), piece.heard))
            assert piece.heard or not piece.samples.any()
    return np.concatenate(samples), np.concatenate(marks)


def holes(marks: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Begin and end of every hole, in seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], marks, [True]]).astype(int)))
    return [(begin / SAMPLE_RATE, end / SAMPLE_RATE) for begin, end in edges.reshape(-1, 2)]


def frames(
    seconds: float = 2.0, rate: int = 48_000, layout: str = "mono", begin: float = 0.0
) -> list[av.AudioFrame]:
    """Frames of 20 ms of the tone that rises at one second."""
    samples = tone(seconds, rate, begin).astype(np.float32)
    channels = av.AudioLayout(layout).nb_channels
    made = []
    for start in range(0, len(samples), round(FRAME * rate)):
        piece = np.tile(samples[start : start + round(FRAME * rate)], (channels, 1))
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
        frame.sample_rate = rate
        made.append(frame)
    return made


def placed(pairs: Sequence[tuple[av.AudioFrame, float | None]]) -> list[Sound]:
    track = SoundTrack(Path("clip.mkv"))
    pieces: list[Sound] = []
    for frame, time in pairs:
        pieces += track.add(frame, time)
    return pieces + list(track.flush())


def stamped(seconds: float = 2.0, **options: Any) -> list[tuple[av.AudioFrame, float | None]]:
    return [(frame, number * FRAME) for number, frame in enumerate(frames(seconds, **options))]


PLAIN = heard(placed(stamped()))[0]


@pytest.mark.parametrize(
    ("ending", "codec", "sample_rate"),
    [
        ("mp4", "aac", 48_000),
        ("mkv", "libopus", 48_000),
        ("webm", "libopus", 48_000),
        ("mkv", "pcm_s16le", 16_000),
        ("ts", "mp2", 48_000),
    ],
)
def test_what_follows_lost_packets_stays_where_it_was(
    tmp_path: Path, ending: str, codec: str, sample_rate: int
) -> None:
    video = "libvpx" if ending == "webm" else "libx264"
    path = write_film(
        tmp_path / f"a.{ending}",
        video=video,
        audio=codec,
        sample_rate=sample_rate,
        change=without("audio", 0.4, 0.8),
    )
    samples, marks = heard(list(play(path)))
    ((begin, end),) = holes(marks)
    assert begin == pytest.approx(0.4, abs=0.07)
    assert end == pytest.approx(0.8, abs=0.07)
    assert rise(samples) == pytest.approx(1.0, abs=0.03)
    assert len(samples) / SAMPLE_RATE == pytest.approx(2.2, abs=0.08)


def test_pauses_of_a_codec_that_sends_nothing_in_silence_shift_nothing() -> None:
    """Opus sends one packet in 400 ms then."""
    pairs = [pair for number, pair in enumerate(stamped()) if not 20 < number < 80 or number % 20 == 0]
    samples, marks = heard(placed(pairs))
    assert len(holes(marks)) == 3
    assert sum(end - begin for begin, end in holes(marks)) == pytest.approx(57 * FRAME, abs=0.001)
    late = slice(round(1.7 * SAMPLE_RATE), round(1.9 * SAMPLE_RATE))
    assert np.allclose(samples[late], PLAIN[late], atol=1e-3)


def test_one_lost_packet_is_a_hole_of_its_length() -> None:
    pairs = stamped()
    del pairs[40]
    samples, marks = heard(placed(pairs))
    assert holes(marks) == [(0.8, pytest.approx(0.82, abs=1e-3))]
    assert len(samples) == len(PLAIN)


def test_time_stamps_that_tremble_are_no_holes() -> None:
    random = np.random.default_rng(0)
    pairs = [(frame, float(time or 0) + random.uniform(-0.005, 0.005)) for frame, time in stamped()]
    pairs[0] = (pairs[0][0], 0.0)
    samples, marks = heard(placed(pairs))
    assert marks.all()
    assert np.array_equal(samples, PLAIN)


def test_of_sound_that_overlaps_the_later_one_is_cut() -> None:
    pairs = stamped()
    pairs = [*pairs[:50], *((frame, (time or 0) - 0.2) for frame, time in pairs[50:])]
    samples, marks = heard(placed(pairs))
    assert marks.all()
    assert len(samples) == pytest.approx(1.8 * SAMPLE_RATE, abs=2)
    assert np.allclose(samples[: SAMPLE_RATE - 400], PLAIN[: SAMPLE_RATE - 400], atol=1e-3)
    assert np.allclose(samples[SAMPLE_RATE + 100 : 28_000], PLAIN[SAMPLE_RATE + 3300 : 31_200], atol=1e-3)


@pytest.mark.parametrize("number", [0, 1, 50, 98, 99])
@pytest.mark.parametrize("stamp", [30_000.0, -30_000.0, 1e12, None])
def test_one_stamp_that_is_wrong_or_missing_changes_nothing(number: int, stamp: float | None) -> None:
    pairs = stamped()
    pairs[number] = (pairs[number][0], stamp)
    samples, marks = heard(placed(pairs))
    assert marks.all()
    assert np.array_equal(samples, PLAIN)


def test_sound_without_any_stamp_begins_at_the_beginning() -> None:
    samples, _ = heard(placed([(frame, None) for frame in frames()]))
    assert np.array_equal(samples, PLAIN)


@pytest.mark.parametrize("number", [1, 50])
def test_stamps_that_jump_for_good_are_an_error_that_costs_nothing(number: int) -> None:
    pairs = stamped()
    late = [*pairs[:number], *((frame, (time or 0) + 30_000) for frame, time in pairs[number:])]
    back = [*pairs[:number], *((frame, (time or 0) - 30_000) for frame, time in pairs[number:])]
    tracemalloc.start()
    with pytest.raises(ClipError, match=r"its sound jump from \d\.\d\d to 3\d+\.\d\d s; expected") as caught:
        placed(late)
    assert caught.value.reason == "time-stamps"
    if number > 1:
        with pytest.raises(ClipError, match=r"jump back from 1\.00 to -\d+\.\d\d s") as caught:
            placed(back)
        assert caught.value.reason == "time-stamps"
    assert tracemalloc.get_traced_memory()[1] < 4e6
    tracemalloc.stop()


def test_an_hour_of_nothing_takes_no_memory() -> None:
    pairs = stamped()
    late = [*pairs[:50], *((frame, (time or 0) + 3500) for frame, time in pairs[50:])]
    tracemalloc.start()
    pieces = placed(late)
    assert tracemalloc.get_traced_memory()[1] < 4e6
    tracemalloc.stop()
    assert pieces[-1].start / SAMPLE_RATE == pytest.approx(3502, abs=0.2)
    assert [len(piece.samples) / SAMPLE_RATE for piece in pieces if not piece.heard] == [3500]


def test_pauses_that_are_longer_together_than_the_sound_and_an_hour_are_wrong_stamps() -> None:
    pairs = [(frame, (time or 0) + 1700 * (number // 25)) for number, (frame, time) in enumerate(stamped())]
    lengths = [len(piece.samples) / SAMPLE_RATE for piece in placed(pairs[:75]) if not piece.heard]
    assert lengths == pytest.approx([1700, 1700])
    with pytest.raises(ClipError, match="leave 5100 s without any") as caught:
        placed(pairs)
    assert caught.value.reason == "time-stamps"


def test_sound_is_held_back_for_ten_seconds_of_pictures_at_most(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "a.mkv", seconds=14.0, rate=10, video="mpeg4", sound=tone(3.0, 48_000),
        pictures=lambda moment: picture(moment % 3),
    )  # fmt: skip
    pieces = list(play(path))
    late = next(n for n, piece in enumerate(pieces) if isinstance(piece, Picture) and piece.moment > 13.3)
    assert len(heard(pieces[:late])[0]) == len(heard(pieces)[0]) == pytest.approx(48_000, abs=300)


@pytest.mark.parametrize(
    "second", [{"rate": 16_000}, {"rate": 44_100}, {"layout": "stereo"}, {"layout": "5.1"}]
)
def test_a_change_of_rate_or_layout_in_mid_stream_is_no_damage(second: dict[str, Any]) -> None:
    pairs = stamped(1.5)
    changed = [(frame, 1.5 + number * FRAME) for number, frame in enumerate(frames(0.5, begin=1.5, **second))]
    samples, marks = heard(placed([*pairs, *changed]))
    assert marks.all()
    assert len(samples) == pytest.approx(2 * SAMPLE_RATE, abs=2)
    late = slice(round(1.55 * SAMPLE_RATE), round(1.9 * SAMPLE_RATE))
    assert np.corrcoef(samples[late], PLAIN[late])[0, 1] > 0.999


def test_a_change_of_format_in_mid_stream_is_no_damage() -> None:
    pairs: list[tuple[av.AudioFrame, float | None]] = []
    for number, (frame, time) in enumerate(stamped()):
        if number >= 60:
            whole = (frame.to_ndarray() * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
            frame.sample_rate = 48_000
        pairs.append((frame, time))
    samples, marks = heard(placed(pairs))
    assert marks.all()
    joint = slice(round(1.2 * SAMPLE_RATE) - 100, round(1.2 * SAMPLE_RATE) + 100)
    samples[joint] = PLAIN[joint]  # a resampler knows nothing of the samples before
    assert np.allclose(samples, PLAIN, atol=1e-3)


def test_a_broadcast_whose_sample_rate_changes_is_played_on(tmp_path: Path) -> None:
    path = joined(tmp_path, {"sample_rate": 48_000}, {"sample_rate": 32_000, "layout": "stereo"})
    samples, marks = heard(list(play(path)))
    assert len(samples) / SAMPLE_RATE == pytest.approx(4.4, abs=0.15)
    assert rise(samples[: 2 * SAMPLE_RATE]) == pytest.approx(1.0, abs=0.05)
    assert rise(samples[round(2.2 * SAMPLE_RATE) :]) == pytest.approx(1.0, abs=0.08)
    assert sum(end - begin for begin, end in holes(marks)) < 0.1


def joined(folder: Path, *parts: dict[str, Any]) -> Path:
    films = [
        write_film(folder / f"{number}.ts", audio="mp2", video="mpeg2video", **options)
        for number, options in enumerate(parts)
    ]
    return join_films(folder / "joined.ts", films, 2.2)


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_sound_that_begins_late_was_not_heard_before(tmp_path: Path, ending: str) -> None:
    path = write_film(tmp_path / f"a.{ending}", audio="libopus", seconds=3.0, change=shifted("audio", 1.5))
    pieces = list(play(path))
    samples, marks = heard(pieces)
    ((begin, end),) = holes(marks)
    assert (begin, end) == (0, pytest.approx(1.5, abs=0.01))
    assert rise(samples[round(end * SAMPLE_RATE) :]) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_pictures_that_begin_late_are_not_shown_before(tmp_path: Path, ending: str) -> None:
    path = write_film(tmp_path / f"a.{ending}", audio="libopus", change=shifted("video", 1.5))
    pictures = [piece for piece in play(path) if isinstance(piece, Picture)]
    assert pictures[0].moment == pytest.approx(1.5, abs=0.11)
    assert bar(pictures[5].pixels) == pytest.approx(pictures[5].moment - 1.5, abs=0.1)


@pytest.mark.parametrize(
    ("kind", "number"), [(kind, at) for kind in ("audio", "video") for at in (0, 30, -1)]
)
def test_a_file_with_one_stamp_of_hours_is_played_without_it(tmp_path: Path, kind: str, number: int) -> None:
    plain = write_film(tmp_path / "plain.mkv", video="mpeg4")
    count = {"video": 55, "audio": 104}[kind]
    seen = 0

    def change(packet: Any) -> list[Any]:
        nonlocal seen
        if packet.stream.type == kind:
            seen += 1
            if seen - 1 == number % count:
                packet.pts += round(30_000 / packet.time_base)
        return [packet]

    path = write_film(tmp_path / "a.mkv", video="mpeg4", change=change)
    assert path.stat().st_size < 300_000
    expected, found = list(play(plain)), list(play(path))
    samples, others = heard(found)[0], heard(expected)[0]
    assert len(samples) == pytest.approx(len(others), abs=6)  # a third of a millisecond
    assert rise(samples) == rise(others)
    shown = [[piece for piece in pieces if isinstance(piece, Picture)] for pieces in (expected, found)]
    assert abs(len(shown[0]) - len(shown[1])) <= 1
    for one in shown[1][:22]:
        assert bar(one.pixels) == pytest.approx(one.moment, abs=0.09)


@pytest.mark.parametrize("kind", ["audio", "video"])
@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_a_file_whose_stamps_jump_for_good_is_refused_in_words(
    tmp_path: Path, kind: str, ending: str
) -> None:
    change = shifted(kind, 30_000, after=1.5)
    path = write_film(tmp_path / f"a.{ending}", video="mpeg4", audio="aac", change=change)
    with pytest.raises(ClipError, match=r"time stamps of its (sound|pictures) jump from 1\.") as caught:
        list(play(path))
    assert caught.value.reason == "time-stamps"
