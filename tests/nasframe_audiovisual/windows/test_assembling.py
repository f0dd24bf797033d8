"""Pictures and sound that come in another order than they are played, or in amounts that no window needs."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nasframe_audiovisual import (
    SAMPLE_RATE,
    ClipError,
    Excerpt,
    Face,
    FaceDetector,
    LeftOut,
    Picture,
    Sound,
    Window,
)
from nasframe_audiovisual.faces.face_detector import SURE
from nasframe_audiovisual.windows.assembling import Assembler
from nasframe_audiovisual.windows.sound_buffer import HEAD, MOST_AHEAD, SoundBuffer
from tests.nasframe_audiovisual.windows.detectors import MIDDLE, LooksAnew

WINDOW = Window(trim=0.0, seconds=1.6, frames=16, size=32)


class Bar(LooksAnew):
    """Takes the surroundings of a bright bar for a face, so that every window has another square."""

    margin, least = 1.5, 1

    def find(self, pixels: NDArray[np.uint8], smallest: float, thorough: bool) -> list[Face]:
        bright = np.flatnonzero(pixels[0, :, 0] > 200)
        return [Face(float(bright.mean()), 45.0, 40.0, SURE)]


def drawn(moment: float, height: int, width: int) -> NDArray[np.uint8]:
    """A bar that crosses the picture in ten seconds, and back."""
    pixels = np.full((height, width, 3), 60, np.uint8)
    start = round((width - 12) * abs(moment % 20 - 10) / 10)
    pixels[:, start : start + 12] = 255
    return pixels


def pictures(seconds: float, height: int = 90, width: int = 160) -> Iterator[Picture]:
    for number in range(round(10 * seconds)):
        yield Picture(0.05 + 0.1 * number, drawn(0.1 * number, height, width))


def sounds(seconds: float, begin: float = 0.0) -> Iterator[Sound]:
    random = np.random.default_rng(0)
    for number in range(round(5 * seconds)):
        samples = random.normal(0, 0.1, 3200).astype(np.float32)
        yield Sound(round(begin * SAMPLE_RATE) + 3200 * number, samples, True)


def in_step(seconds: float) -> list[Picture | Sound]:
    def second(piece: Picture | Sound) -> float:
        return piece.moment if isinstance(piece, Picture) else piece.start / SAMPLE_RATE

    return sorted([*pictures(seconds), *sounds(seconds)], key=second)


def assembled(pieces: Iterable[Picture | Sound], detector: FaceDetector = MIDDLE) -> list[Excerpt | LeftOut]:
    assembler = Assembler(Path("clip.mkv"), WINDOW, detector)
    found: list[Excerpt | LeftOut] = []
    for piece in pieces:
        found += assembler.see(piece) if isinstance(piece, Picture) else assembler.hear(piece)
    return [*found, *assembler.finish()]


@pytest.mark.parametrize("detector", [MIDDLE, Bar()])
@pytest.mark.parametrize("pictures_first", [True, False])
def test_sound_that_comes_after_all_pictures_of_half_a_minute_or_before_them_changes_no_bit(
    pictures_first: bool, detector: FaceDetector
) -> None:
    streams: list[Iterator[Picture] | Iterator[Sound]] = [pictures(28.0), sounds(28.0)]
    if not pictures_first:
        streams.reverse()
    expected = assembled(in_step(28.0), detector)
    found = assembled([piece for stream in streams for piece in stream], detector)
    assert len(found) >= 33
    assert [part for part in expected if isinstance(part, LeftOut)] == [
        part for part in found if isinstance(part, LeftOut)
    ]
    windows = [[part for part in parts if isinstance(part, Excerpt)] for parts in (expected, found)]
    assert len(windows[0]) >= 15
    for one, other in zip(*windows, strict=True):
        assert (one.start, one.end, one.square) == (other.start, other.end, other.square)
        assert one.recording.pictures.tobytes() == other.recording.pictures.tobytes()
        assert one.recording.samples.tobytes() == other.recording.samples.tobytes()


def test_sound_that_lies_further_behind_is_an_error_in_words() -> None:
    with pytest.raises(ClipError, match="sound lies more than 30 s behind its pictures") as caught:
        assembled([*pictures(40.0), *sounds(40.0)])
    assert caught.value.reason == "badly-interleaved"


def test_pictures_that_lie_too_far_behind_are_an_error_in_words() -> None:
    with pytest.raises(ClipError, match="pictures lie more than 300 s behind its sound") as caught:
        assembled([*sounds(MOST_AHEAD + 2), *pictures(HEAD + 3)])
    assert caught.value.reason == "badly-interleaved"


def excerpts(parts: Iterable[Excerpt | LeftOut]) -> list[Excerpt]:
    return [part for part in parts if isinstance(part, Excerpt)]


def test_an_hour_of_sound_after_the_last_picture_changes_no_window() -> None:
    """The last pictures are decided on at the end of the file alone."""
    expected = excerpts(assembled(in_step(6.0)))
    found = assembled([*in_step(6.0), *sounds(3600.0, begin=6.0)])
    assert len(expected) == 6
    assert [part.start for part in excerpts(found)] == [part.start for part in expected]
    for one, other in zip(excerpts(found), expected, strict=True):
        np.testing.assert_array_equal(one.recording.samples, other.recording.samples)
        np.testing.assert_array_equal(one.recording.pictures, other.recording.pictures)
    assert found[-1] == LeftOut(pytest.approx(6.0), 3606.0, "no-pictures")  # type: ignore[arg-type]


def test_pictures_that_come_back_after_minutes_of_sound_alone_are_judged_before_and_after_them() -> None:
    """As in a call whose camera was switched off."""
    pause = MOST_AHEAD + 100
    back = [Picture(picture.moment + 6 + pause, picture.pixels) for picture in pictures(6.0)]
    found = assembled([*in_step(6.0), *sounds(pause + 6, begin=6.0), *back])
    starts = [part.start for part in excerpts(found)]
    assert len(starts) == 12
    assert starts[6:] == pytest.approx([start + 6 + pause for start in starts[:6]])
    left_out = [part.reason for part in found if isinstance(part, LeftOut)]
    assert left_out == ["frozen", "no-pictures", "frozen"]  # the bar stays at the edge for a moment


def peak(pieces: Iterable[Picture | Sound], detector: FaceDetector = MIDDLE) -> int:
    tracemalloc.start()
    assembled(pieces, detector)
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_pictures_that_wait_for_their_sound_are_not_kept_whole() -> None:
    whole = 280 * 180 * 320 * 3
    assert peak(pictures(28.0, 180, 320)) < whole / 3


def test_pictures_of_shots_that_are_too_short_are_not_kept() -> None:
    def cuts(seconds: int) -> Iterator[Picture | Sound]:
        for number, sound in enumerate(sounds(seconds)):
            for moment in (0.2 * number + 0.05, 0.2 * number + 0.15):
                light = np.random.default_rng(int(moment)).integers(0, 256, (9, 16, 3), np.uint8)
                yield Picture(moment, np.kron(light, np.ones((10, 10, 1), np.uint8)))
            yield sound

    assert {part.reason for part in assembled(cuts(10)) if isinstance(part, LeftOut)} == {"too-short"}
    assert peak(cuts(60)) < 1.3 * peak(cuts(15))


def test_sound_after_the_end_of_the_pictures_is_not_kept() -> None:
    buffer = SoundBuffer()
    tracemalloc.start()
    for sound in sounds(2 * MOST_AHEAD):
        buffer.add(sound)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1.1 * MOST_AHEAD * SAMPLE_RATE * 4
    assert buffer.heard_end == 2 * MOST_AHEAD * SAMPLE_RATE
