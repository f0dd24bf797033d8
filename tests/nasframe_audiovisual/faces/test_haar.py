"""Haar cascades find faces at any place, and nothing where nobody is."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from nasframe_audiovisual import NO_FACE, Located, NoSquare, Square, make_detector, window_square
from tests.nasframe_audiovisual.faces.bright_squares import follow
from tests.nasframe_audiovisual.faces.drawn_faces import talking

HAAR = make_detector("haar")

Pictures = Sequence[NDArray[np.uint8]]


def square_of(pictures: Pictures) -> Square | NoSquare:
    return window_square(follow(pictures, HAAR)[:16], HAAR.margin)


def in_a_larger_picture(
    pictures: Pictures, width: int, height: int, left: int, top: int, side: int
) -> list[NDArray[np.uint8]]:
    slope = np.linspace(70, 160, width)[None, :, None] + np.random.default_rng(0).normal(
        0, 3, (height, width, 3)
    )
    made = []
    for picture in pictures:
        larger = slope.astype(np.uint8)
        larger[top : top + side, left : left + side] = cv2.resize(picture, (side, side))
        made.append(larger)
    return made


@pytest.mark.parametrize("person", range(20))
def test_people_who_talk_have_a_square_in_their_clips(person: int) -> None:
    assert _is_around_the_face(square_of(talking(person)))


@pytest.mark.parametrize(("seed", "person"), [(0, 20), (5, 60), (5, 110), (20, 160)])
def test_dark_faces_whose_eyes_are_their_brightest_part_have_one_as_well(seed: int, person: int) -> None:
    assert _is_around_the_face(square_of(talking(person, seed)))


def _is_around_the_face(square: Square | NoSquare) -> bool:
    """True for a square of the right size around the middle of the picture, where the face is."""
    return (
        isinstance(square, Square)
        and abs(square.left + square.side / 2 - 56) <= 12
        and abs(square.top + square.side / 2 - 56) <= 15
        and 70 <= square.side <= 125
    )


@pytest.mark.parametrize(
    ("width", "height", "left", "top", "side"),
    [(320, 240, 190, 20, 120), (640, 360, 20, 130, 224), (1280, 720, 800, 40, 448), (360, 640, 60, 380, 250)],
)
def test_the_square_is_where_the_face_is(width: int, height: int, left: int, top: int, side: int) -> None:
    for person in (1, 3):
        alone = square_of(talking(person))
        square = square_of(in_a_larger_picture(talking(person), width, height, left, top, side))
        assert isinstance(alone, Square)
        assert isinstance(square, Square)
        scale, near = side / 112, 0.12 * side
        assert square.side == pytest.approx(alone.side * scale, abs=near)
        assert square.left + square.side / 2 - left == pytest.approx(
            (alone.left + alone.side / 2) * scale, abs=near
        )
        assert square.top + square.side / 2 - top == pytest.approx(
            (alone.top + alone.side / 2) * scale, abs=near
        )


def test_pictures_without_anybody_have_no_square() -> None:
    random = np.random.default_rng(0)
    stripes = np.repeat(np.repeat(random.integers(0, 256, (1, 16, 3), np.uint8), 240, 0), 20, 1)
    rings = np.zeros((240, 320, 3), np.uint8)
    for radius in range(10, 150, 20):
        cv2.circle(rings, (160, 120), radius, (250, 200, 40), 4)
    hills = cv2.resize(
        random.integers(0, 256, (6, 8, 3), np.uint8), (320, 240), interpolation=cv2.INTER_CUBIC
    )
    for picture in (np.zeros_like(rings), np.full_like(rings, 255), stripes, rings, hills):
        assert square_of([picture] * 16) == NoSquare(NO_FACE)
    noise = [random.integers(0, 256, (120, 160, 3), np.uint8) for _ in range(16)]
    assert square_of(noise) == NoSquare(NO_FACE)


def test_a_spot_on_a_still_wall_is_not_taken_for_a_face_beside_a_dark_one() -> None:
    random = np.random.default_rng(0)
    room = cv2.GaussianBlur(random.uniform(0, 255, (720, 1280, 3)).astype(np.float32), (0, 0), 9)
    wall = np.clip(128 + 6 * (room - room.mean()), 0, 255).astype(np.uint8)
    film = []
    for picture in talking(160):
        film.append(wall.copy())
        film[-1][200:536, 600:936] = cv2.resize(picture, (336, 336))
    found = follow(film, HAAR)
    assert any(not face.moves for picture in found for face in picture.faces), "no spot is there"
    square = window_square(found[:16], HAAR.margin)
    assert isinstance(square, Square)
    assert square.left + square.side / 2 == pytest.approx(768, abs=40)
    assert square.top + square.side / 2 == pytest.approx(368, abs=40)


@pytest.mark.parametrize("other", [(3, 20), (160, 20), (60, 5)])
def test_two_people_side_by_side_are_several(other: tuple[int, int]) -> None:
    pictures = [np.hstack(pair) for pair in zip(talking(1), talking(*other), strict=True)]
    assert square_of(pictures) == NoSquare("several-faces")


def test_a_small_face_is_not_judged_in_the_place_of_a_larger_dark_one() -> None:
    pictures = []
    for dark, light in zip(talking(160), talking(1), strict=True):
        picture = np.full((336, 504, 3), 90, np.uint8)
        picture[:, :336], picture[84:252, 336:] = cv2.resize(dark, (336, 336)), cv2.resize(light, (168, 168))
        pictures.append(picture)
    square = square_of(pictures)
    assert isinstance(square, NoSquare) or square.left + square.side / 2 < 336, square


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 3), (20, 20)])
def test_pictures_too_small_for_a_face_have_none(shape: tuple[int, int]) -> None:
    assert square_of([np.full((*shape, 3), 90, np.uint8)] * 6) == NoSquare(NO_FACE)


def test_faces_do_not_depend_on_the_number_of_threads_that_opencv_was_given() -> None:
    before = cv2.getNumThreads()
    found: list[Sequence[Located]] = []
    try:
        for threads in (1, 2, 5):
            cv2.setNumThreads(threads)
            found.append(follow(talking(2), HAAR))
            assert cv2.getNumThreads() == threads, "the number of others is left as it was"
    finally:
        cv2.setNumThreads(before)
    assert found[0] == found[1] == found[2]


def test_a_detector_serves_several_threads_and_processes() -> None:
    copy = pickle.loads(pickle.dumps(HAAR))
    expected = [follow(talking(person), HAAR) for person in range(4)]
    found: dict[int, Sequence[Located]] = {}

    def work(person: int) -> None:
        found[person] = follow(talking(person), copy)

    threads = [threading.Thread(target=work, args=(person,)) for person in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[person] for person in range(4)] == expected


def test_threads_that_come_and_go_share_the_cascades(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = np.full((96, 96, 3), 128, np.uint8)
    HAAR.find(picture, 0.2, thorough=True)
    monkeypatch.setattr(cv2, "CascadeClassifier", None)  # none is read any more
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(HAAR.find, picture, 0.2, thorough=True).result() == []
