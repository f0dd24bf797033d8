"""Detections are joined into faces over time, and a window gets one square or a reason."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from nasframe_audiovisual import (
    LOOK_AHEAD,
    NO_FACE,
    SEVERAL_FACES,
    FaceTracker,
    NoSquare,
    Square,
    make_detector,
    window_square,
)
from tests.nasframe_audiovisual.faces.bright_squares import BrightSquares, follow, scene

FACE = (80, 60, 40)


def test_every_picture_comes_back_once_in_order_after_the_look_ahead_at_most() -> None:
    tracker = FaceTracker(BrightSquares())
    back: list[float] = []
    for number in range(100):
        back += [found.moment for found in tracker.feed(number / 10, scene(FACE))]
        # one picture more is needed to know a cut
        assert number / 10 - max(back, default=-0.1) <= LOOK_AHEAD + 0.3
    back += [found.moment for found in tracker.close()]
    assert back == [number / 10 for number in range(100)]


def test_the_square_is_around_the_face_by_the_margin_of_the_detector() -> None:
    found = follow(scene(FACE) for _ in range(16))
    assert window_square(found, margin=2.0) == Square(40, 20, 80)


def test_a_moving_face_gets_one_square_in_the_middle_of_its_way() -> None:
    found = follow(scene((50 + 2 * number, 60, 40)) for number in range(16))
    square = window_square(found, margin=2.0)
    assert isinstance(square, Square)
    assert square.left + square.side / 2 == pytest.approx(65, abs=2)
    assert square.side == 80


def test_pictures_without_a_detection_are_bridged_between_others_of_the_same_face() -> None:
    hidden = range(20, 38)
    found = follow(scene(None if number in hidden else (50 + number // 2, 60, 40)) for number in range(60))
    window = found[20:36]
    square = window_square(window, margin=2.0)
    assert isinstance(square, Square)
    assert square.left + square.side / 2 == pytest.approx(64, abs=2)


def test_a_face_that_is_gone_for_longer_is_gone() -> None:
    found = follow(scene(FACE if number < 20 or number >= 80 else None) for number in range(100))
    assert window_square(found[35:51], margin=2.0) == NoSquare(NO_FACE)
    assert isinstance(window_square(found[84:100], margin=2.0), Square)


def test_a_face_that_comes_back_to_its_place_is_followed_again() -> None:
    found = follow(scene(FACE if number < 20 or number >= 50 else None) for number in range(80))
    assert window_square(found[32:40], margin=2.0) == NoSquare(NO_FACE)
    assert window_square(found[60:76], margin=2.0) == Square(40, 20, 80)


def test_a_detection_or_two_by_chance_are_no_face() -> None:
    found = follow(scene(FACE if number in (4, 6) else None) for number in range(16))
    assert window_square(found, margin=2.0) == NoSquare(NO_FACE)


def test_two_lasting_faces_of_like_size_are_several() -> None:
    found = follow(scene((40, 60, 40), (120, 60, 30)) for _ in range(32))
    assert window_square(found[8:24], margin=2.0) == NoSquare(SEVERAL_FACES)


def test_a_photograph_beside_a_face_that_moves_does_not_count() -> None:
    still = (40, 60, 40)
    assert window_square(follow(scene(still, (120, 60, 40)) for _ in range(16)), 2.0) == NoSquare(
        SEVERAL_FACES
    )
    moving = follow(scene(still, (120, 60 + 4 * (number % 4), 40)) for number in range(16))
    square = window_square(moving, margin=2.0)
    assert isinstance(square, Square)
    assert square.left + square.side / 2 == 120


def test_a_small_face_behind_does_not_count() -> None:
    found = follow(scene((60, 60, 60), (140, 30, 16)) for _ in range(32))
    assert window_square(found[8:24], margin=2.0) == Square(0, 0, 120)


def test_a_face_that_passes_by_does_not_count() -> None:
    found = follow(scene((40, 60, 40), (120, 60, 40) if 10 <= number < 15 else None) for number in range(32))
    assert window_square(found[0:16], margin=2.0) == Square(0, 20, 80)


def test_a_track_ends_at_a_cut_and_a_window_across_it_is_refused() -> None:
    found = follow(
        scene((40, 60, 40), ground=40) if number < 20 else scene((120, 50, 60), ground=120)
        for number in range(40)
    )
    assert [one.shot for one in found] == [0] * 20 + [1] * 20
    assert not {one.track for one in found[19].faces} & {one.track for one in found[20].faces}
    assert window_square(found[4:20], margin=2.0) == Square(0, 20, 80)
    assert window_square(found[20:36], margin=2.0) == Square(60, -10, 120)
    with pytest.raises(ValueError, match=r"a window lies in one shot; found \[0, 1\]"):
        window_square(found[12:28], margin=2.0)


def test_a_window_needs_a_picture() -> None:
    with pytest.raises(ValueError, match="a window has at least one picture"):
        window_square([], margin=2.0)


def test_pictures_of_another_size_begin_a_shot() -> None:
    pictures = [scene(FACE)[: 120 if number < 8 else 100] for number in range(16)]
    assert [one.shot for one in follow(pictures)] == [0] * 8 + [1] * 8


def test_memory_does_not_grow_with_the_length_of_a_clip() -> None:
    tracker = FaceTracker(BrightSquares())
    tracemalloc.start()
    try:
        sizes = []
        for number in range(600):
            tracker.feed(number / 10, scene(FACE, (130, 20, 20 if number % 40 < 20 else 2)))
            if number in (199, 599):
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[1] < sizes[0] + 50_000


def test_data_that_is_cropped_already_gives_the_middle_square_of_every_picture() -> None:
    detector = make_detector("none")
    found = follow((np.zeros((90, 161, 3), np.uint8) for _ in range(3)), detector)
    assert window_square(found, detector.margin) == Square(35, 0, 90)
