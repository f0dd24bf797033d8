from __future__ import annotations

import copy
import tracemalloc
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nasframe.runtime import Cancellation
from nasframe_audiovisual import (
    ClipError,
    Excerpt,
    Face,
    FaceDetector,
    LeftOut,
    NothingUsedError,
    Window,
    first_window,
    read_windows,
)
from nasframe_audiovisual.faces.face_detector import SURE
from tests.nasframe_audiovisual.films import bar, picture, rise, shifted, tone, without, write_film
from tests.nasframe_audiovisual.windows.detectors import MIDDLE, LooksAnew

WINDOW = Window(trim=0.2, seconds=1.6, frames=16, size=32)


def read(path: Path, detector: FaceDetector = MIDDLE) -> tuple[list[Excerpt], list[LeftOut]]:
    parts = list(read_windows(path, WINDOW, detector))
    return (
        [part for part in parts if isinstance(part, Excerpt)],
        [part for part in parts if isinstance(part, LeftOut)],
    )


def starts(windows: list[Excerpt]) -> list[float]:
    return [round(window.start, 3) for window in windows]


def reasons(parts: list[LeftOut]) -> set[str]:
    return {part.reason for part in parts}


def hum(seconds: float, rate: int = 48_000) -> NDArray[np.float64]:
    return tone(seconds, rate, rises=1e9)


def shots(*lengths: float) -> Callable[[float], NDArray[np.uint8]]:
    """Pictures of several shots: the moving bar on grounds of other light."""
    ends = np.cumsum(lengths)

    def made(moment: float) -> NDArray[np.uint8]:
        shot = int(np.searchsorted(ends, moment + 1e-9, side="right"))
        pixels = picture(abs(moment % 6 - 3))
        return pixels if shot % 2 == 0 else np.where(pixels == 255, 0, 220).astype(np.uint8)

    return made


def again(moment: float) -> NDArray[np.uint8]:
    """The bar crosses the picture again and again."""
    return picture(abs(moment % 6 - 3))


def test_windows_overlap_by_half_and_the_last_one_ends_with_the_clip(tmp_path: Path) -> None:
    windows, left_out = read(write_film(tmp_path / "f.mkv", seconds=4.5, sound=hum(4.5)))
    assert starts(windows) == [0.2, 1.0, 1.8, 2.6, 2.9]
    assert windows[-1].end == pytest.approx(4.5)
    assert left_out == []


def test_a_window_holds_the_pictures_and_the_sound_of_its_moments(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mkv", seconds=3.4, pictures=lambda moment: picture(moment, 64, 64))
    windows, _ = read(path)
    # the bar is an eighth of the picture and must be inside it
    for window in windows[:2]:
        for number, pixels in enumerate(window.recording.pictures):
            assert bar(pixels) == pytest.approx(window.start + 0.05 + 0.1 * number, abs=0.09)
    # the tone rises at one second
    assert rise(windows[0].recording.samples) == pytest.approx(1 - windows[0].start, abs=0.02)


def test_no_window_spans_a_cut(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mkv", seconds=6.0, sound=hum(6.0), pictures=shots(2.6, 3.4))
    windows, _ = read(path)
    assert len(windows) >= 4
    assert all(window.end <= 2.65 or window.start >= 2.55 for window in windows)
    assert max(window.end for window in windows if window.end <= 2.65) >= 2.5
    assert min(window.start for window in windows if window.start >= 2.55) <= 2.7


def test_a_shot_that_is_shorter_than_a_window_is_left_out_and_the_others_are_not(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mkv", seconds=5.0, sound=hum(5.0), pictures=shots(2.0, 1.0, 2.0))
    windows, left_out = read(path)
    assert {window.start < 2 for window in windows} == {True, False}
    assert reasons(left_out) == {"too-short"}
    assert left_out[0].start == pytest.approx(2.0, abs=0.11)
    assert left_out[0].end == pytest.approx(3.0, abs=0.11)


def test_a_clip_that_is_shorter_than_a_window_is_refused_as_too_short(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="shorter than a window") as caught:
        first_window(write_film(tmp_path / "f.mkv", seconds=1.2), WINDOW, MIDDLE)
    assert caught.value.reason == "too-short"


def test_a_whole_window_is_enough(tmp_path: Path) -> None:
    windows, _ = read(write_film(tmp_path / "f.mkv", seconds=1.8))
    assert starts(windows) == [0.2]


def test_digital_silence_is_left_out(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="digital silence") as caught:
        first_window(write_film(tmp_path / "f.mkv", sound=np.zeros(105_600)), WINDOW, MIDDLE)
    assert caught.value.reason == "silence"


@pytest.mark.parametrize(("level", "reason"), [(0, "black"), (12, "black"), (90, "frozen")])
def test_black_and_frozen_pictures_are_left_out(level: int, reason: str, tmp_path: Path) -> None:
    flat = np.full((64, 128, 3), level, np.uint8)
    with pytest.raises(ClipError) as caught:
        first_window(write_film(tmp_path / "f.mkv", pictures=lambda _: flat), WINDOW, MIDDLE)
    assert caught.value.reason == reason


def test_a_frozen_photograph_under_the_noise_of_an_encoder_is_left_out(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    photograph = np.kron(random.integers(40, 220, (8, 16, 3)), np.ones((8, 8, 1)))

    def noisy(_: float) -> NDArray[np.uint8]:
        return np.clip(photograph + random.normal(0, 3, photograph.shape), 0, 255).astype(np.uint8)

    with pytest.raises(ClipError, match="do not move"):
        first_window(write_film(tmp_path / "f.mkv", pictures=noisy), WINDOW, MIDDLE)


def test_only_the_still_seconds_of_a_clip_are_left_out(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "f.mkv", seconds=8.0, sound=hum(8.0), pictures=lambda m: picture(min(m, 3.4))
    )
    windows, left_out = read(path)
    assert starts(windows)[:3] == [0.2, 1.0, 1.8]
    assert max(window.start for window in windows) < 3.5
    assert reasons(left_out) == {"frozen"}
    assert max(part.end for part in left_out) == pytest.approx(8, abs=0.3)


def test_sound_that_begins_late_leaves_out_what_is_before_it(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "f.mkv", seconds=6.0, sound=hum(4.0), change=shifted("audio", 2), pictures=again
    )
    windows, left_out = read(path)
    assert min(starts(windows)) == pytest.approx(2.0, abs=0.11)
    assert reasons(left_out) == {"no-sound"}
    assert all(np.abs(window.recording.samples[2000:]).max() > 0.1 for window in windows)


def test_pictures_that_begin_late_leave_out_what_is_before_them(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "f.mkv",
        seconds=6.0,
        sound=hum(6.0),
        pictures=again,
        video="mpeg4",
        video_options={"g": "1"},
        change=without("video", 0, 2.9),
    )
    windows, left_out = read(path)
    assert min(starts(windows)) == pytest.approx(3.0, abs=0.15)
    assert reasons(left_out) == {"no-pictures"}


def test_streams_that_do_not_overlap_are_refused_in_words(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mkv", seconds=3.4, sound=hum(3.4), change=shifted("video", 3))
    with pytest.raises(ClipError, match="do not overlap") as caught:
        first_window(path, WINDOW, MIDDLE)
    assert caught.value.reason == "no-overlap"


def test_streams_that_overlap_for_less_than_a_window_are_refused_as_no_overlap(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mkv", seconds=2.08, sound=hum(2.08), change=shifted("audio", 1.0))
    with pytest.raises(ClipError, match="do not overlap for a window") as caught:
        first_window(path, WINDOW, MIDDLE)
    assert caught.value.reason == "no-overlap"
    _, left_out = read(path)
    assert reasons(left_out) == {"no-sound", "too-short", "no-pictures"}


def test_a_clip_whose_shots_are_all_short_is_refused_in_words_that_name_the_cuts(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mkv", seconds=5.0, sound=hum(5.0), pictures=shots(*[1.0] * 5))
    with pytest.raises(NothingUsedError, match="the 5 shots between its cuts are each shorter") as caught:
        first_window(path, WINDOW, MIDDLE)
    assert caught.value.reason == "too-short"
    assert [part.reason for part in caught.value.left_out] == ["too-short"] * 5
    sent = copy.copy(caught.value)  # as to another process
    assert (sent.message, sent.left_out) == (caught.value.message, caught.value.left_out)


def test_sound_that_ends_early_leaves_out_what_is_after_it(tmp_path: Path) -> None:
    windows, left_out = read(write_film(tmp_path / "f.mkv", seconds=14.0, sound=hum(3.0), pictures=again))
    assert max(window.end for window in windows) == pytest.approx(3.0, abs=0.1)
    assert reasons(left_out) == {"no-sound"}
    assert max(part.end for part in left_out) == pytest.approx(14, abs=0.3)


def test_a_hole_in_the_sound_is_silence_in_its_place(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mkv", seconds=3.0, sound=hum(3.0), change=without("audio", 0.8, 1.2))
    windows, _ = read(path)
    samples = windows[0].recording.samples
    assert np.abs(samples[round(0.65 * 16_000) : round(0.95 * 16_000)]).max() < 1e-3
    assert np.abs(samples[: round(0.55 * 16_000)]).max() > 0.1
    assert np.abs(samples[round(1.1 * 16_000) :]).max() > 0.1


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    def peak(seconds: float) -> int:
        path = write_film(tmp_path / f"{seconds}.mkv", seconds=seconds, sound=hum(seconds), video="mpeg4")
        tracemalloc.start()
        for _ in read_windows(path, WINDOW, MIDDLE):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(40.0) < 1.2 * peak(10.0)


def test_a_clip_that_nobody_waits_for_any_more_is_left_between_two_pictures(tmp_path: Path) -> None:
    asked: list[int] = []
    cancellation = Cancellation(lambda: asked.append(1) or False)
    path = write_film(tmp_path / "f.mkv", seconds=9.0, sound=hum(9.0))
    parts = read_windows(path, WINDOW, MIDDLE, cancellation)
    assert isinstance(next(parts), Excerpt)
    assert len(asked) >= WINDOW.frames
    cancellation.cancel()
    with pytest.raises(CancelledError):
        next(parts)


def test_a_little_sound_before_the_first_picture_moves_no_window(tmp_path: Path) -> None:
    """An encoder puts some samples before its sound, which mp4 hides and Matroska does not."""

    def made(moment: float) -> NDArray[np.uint8]:
        return picture(moment, 64, 64)

    plain, _ = read(write_film(tmp_path / "a.mkv", seconds=3.0, sound=hum(3.0), pictures=made))
    early, later = np.concatenate([np.zeros(round(0.064 * 48_000)), hum(3.0)]), shifted("video", 0.064)
    path = write_film(tmp_path / "b.mkv", seconds=3.0, sound=early, pictures=made, change=later)
    found, left_out = read(path)
    assert left_out == []
    for one, other in zip(plain, found, strict=True):
        assert one.recording.pictures.tobytes() == other.recording.pictures.tobytes()
        assert np.abs(one.recording.samples - other.recording.samples)[:-1100].max() < 0.2


def test_a_clip_without_a_face_is_looked_at_upside_down(tmp_path: Path) -> None:
    class BarOnTop(LooksAnew):
        """Takes the upper half for a face where it is the lighter one."""

        margin, least = 1.0, 1

        def find(self, pixels: NDArray[np.uint8], smallest: float, thorough: bool) -> list[Face]:
            upper, lower = np.split(pixels, 2)
            return [Face(32, 16, 32, SURE)] if upper.mean() > lower.mean() else []

    def heavy(moment: float) -> NDArray[np.uint8]:
        return np.concatenate([picture(moment, 64, 32) // 4, picture(moment, 64, 32)])

    upright = write_film(tmp_path / "a.mkv", seconds=3.0, sound=hum(3.0), pictures=lambda m: heavy(m)[::-1])
    hanging = write_film(
        tmp_path / "b.mkv", seconds=3.0, sound=hum(3.0), pictures=lambda m: heavy(m)[:, ::-1].copy()
    )
    one, other = read(upright, BarOnTop())[0], read(hanging, BarOnTop())[0]
    assert [window.upside_down for window in one] == [False] * 3
    assert [window.upside_down for window in other] == [True] * 3
    for expected, found in zip(one, other, strict=True):
        difference = expected.recording.pictures.astype(int) - found.recording.pictures
        assert np.abs(difference).mean() < 2


def test_a_pause_of_the_sound_is_left_out_and_every_window_has_most_of_its_sound(tmp_path: Path) -> None:
    def pauses(packet: Any) -> list[Any]:
        first = without("audio", 3, 10)(packet)
        return without("audio", 13, 20)(packet) if first else []

    path = write_film(
        tmp_path / "f.mkv", seconds=26.0, sound=hum(26.0), pictures=again, video="mpeg4", change=pauses
    )
    windows, left_out = read(path)
    assert reasons(left_out) == {"no-sound"}
    lengths = [window.end - window.start for window in windows]
    heard = [
        sum(max(0, min(window.end, end) - max(window.start, start)) for start, end in HEARD_BETWEEN)
        for window in windows
    ]
    assert min(heard) >= 0.6 * min(lengths) - 0.1
    assert [any(s <= w.start and w.end <= e for w in windows) for s, e in HEARD_BETWEEN] == [True] * 3


HEARD_BETWEEN = [(0, 3), (10, 13), (20, 26)]


def test_half_a_second_of_lost_sound_leaves_no_window_out(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mkv", seconds=1.8, sound=hum(1.8), change=without("audio", 0.8, 1.3))
    windows, left_out = read(path)
    assert len(windows) == 1
    assert left_out == []


def test_what_the_trim_leaves_out_has_pictures(tmp_path: Path) -> None:
    path = write_film(tmp_path / "f.mkv", seconds=3.4, sound=hum(3.4))
    parts = list(read_windows(path, Window(trim=0.8, seconds=1.6, frames=16, size=32), MIDDLE))
    assert isinstance(parts[0], Excerpt)
    assert parts[0].start == pytest.approx(0.8)


@pytest.mark.parametrize("late", [0, 5])
def test_a_second_of_both_streams_is_shorter_than_a_window_and_no_lack_of_overlap(
    late: int, tmp_path: Path
) -> None:
    path = write_film(
        tmp_path / "f.mkv", seconds=6.0, sound=hum(1.0), pictures=again, change=shifted("audio", late)
    )
    with pytest.raises(ClipError, match="shorter than a window") as caught:
        first_window(path, WINDOW, MIDDLE)
    assert caught.value.reason == "too-short"
    _, left_out = read(path)
    short = [part for part in left_out if part.reason == "too-short"]
    assert len(short) == 1
    assert short[0].start == pytest.approx(max(0.2, late), abs=0.15)
    assert short[0].end == pytest.approx(late + 1, abs=0.15)


@pytest.mark.parametrize("audio", ["pcm_s16le", "libopus"])
def test_a_clip_whose_sound_pauses_twice_for_longer_than_pictures_wait_is_read(
    audio: str, tmp_path: Path
) -> None:
    def pauses(packet: Any) -> list[Any]:
        return without("audio", 48, 90)(packet) if without("audio", 4, 44)(packet) else []

    path = write_film(
        tmp_path / "f.mkv", seconds=95.0, sound=hum(95.0), audio=audio, video="mpeg4", rate=10,
        pictures=again, change=pauses,
    )  # fmt: skip
    windows, left_out = read(path)
    assert reasons(left_out) == {"no-sound"}
    for start, end in ((0, 4), (44, 48), (90, 95)):
        inside = [window for window in windows if start - 0.8 < window.start < end]
        assert min(window.start for window in inside) < start + 0.4
        assert max(window.end for window in inside) > end - 0.2


def test_sound_whose_end_is_still_held_back_when_the_pictures_have_waited_is_used(tmp_path: Path) -> None:
    """Channels that cancel each other are held back until it is known that they do."""
    left = hum(3.0)
    right = np.where(np.arange(len(left)) < 2.6 * 48_000, left, -left)
    path = write_film(
        tmp_path / "f.mkv", seconds=45.0, sound=np.stack([left, right]), layout="stereo", video="mpeg4",
        rate=10, pictures=again,
    )  # fmt: skip
    windows, left_out = read(path)
    assert max(window.end for window in windows) == pytest.approx(3.0, abs=0.1)
    assert reasons(left_out) == {"no-sound"}
