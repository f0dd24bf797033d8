"""Hard cuts are found, and nothing else is taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from nasframe_audiovisual import make_detector
from tests.nasframe_audiovisual.faces.bright_squares import follow
from tests.nasframe_audiovisual.faces.drawn_faces import talking

Pictures = list[NDArray[np.uint8]]


def shots(pictures: Pictures) -> list[int]:
    return [one.shot for one in follow(pictures, make_detector("none"))]


def test_other_people_begin_a_shot() -> None:
    for person in range(6):
        pictures = talking(person)[:10] + talking(person + 1)[5:15]
        assert shots(pictures) == [0] * 10 + [1] * 10


def test_the_same_person_in_another_place_begins_a_shot() -> None:
    pictures = talking(0)
    moved = [np.roll(picture, (6, 16), (0, 1)) for picture in pictures]
    assert shots(pictures[:10] + moved[10:]) == [0] * 10 + [1] * 10


@pytest.mark.parametrize("change", ["nothing", "noise", "light", "camera", "flash", "caption"])
def test_one_shot_is_one_shot_under(change: str) -> None:
    random = np.random.default_rng(0)
    for person in range(6):
        pictures = talking(person)
        changed = [disturbed(picture, change, number, random) for number, picture in enumerate(pictures)]
        assert set(shots(changed)) == {0}


def disturbed(
    picture: NDArray[np.uint8], change: str, number: int, random: np.random.Generator
) -> NDArray[np.uint8]:
    if change == "camera":  # held by hand: it moves all the time
        return np.roll(picture, (number % 5, 3 * (number % 3)), (0, 1))
    values = picture.astype(float)
    if change == "noise":
        values += random.normal(0, 12, values.shape)
    if change == "light":
        values *= random.uniform(0.8, 1.2)
    if change == "flash" and number == 9:
        values += 120
    if change == "caption" and number >= 9:
        values[88:106] = 255
    return np.clip(values, 0, 255).astype(np.uint8)
