"""Pictures that lie on their side are turned by their container, or else so that faces are upright."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nasframe_audiovisual import Window, first_window, make_detector
from nasframe_audiovisual.media import AS_STORED, QUARTER_TURNS
from nasframe_audiovisual.windows.lying import turn_of_lying
from tests.nasframe_audiovisual.faces.drawn_faces import talking
from tests.nasframe_audiovisual.films import write_film
from tests.nasframe_audiovisual.windows.detectors import MIDDLE

HAAR = make_detector("haar")
WINDOW = Window(frames=8, size=32)
CLOCKWISE, AGAINST = QUARTER_TURNS


def film(path: Path, quarters: int, flag: int | None = None, person: int = 0) -> Path:
    """Somebody who talks; the pictures are stored with so many quarter turns against the clock."""

    def pictures(moment: float) -> NDArray[np.uint8]:
        return np.ascontiguousarray(np.rot90(talking(person)[int(moment * 10) % 20], quarters))

    def prepare(video: Any, audio: Any) -> None:
        if flag is not None:
            video.set_display_rotation(flag)

    return write_film(path, pictures=pictures, rate=10, seconds=2.0, audio="aac", prepare=prepare)


def like_upright(path: Path, upright: Path) -> bool:
    """Return True where the first window of a clip that lies is that of an upright one, to a few levels."""
    found = first_window(path, WINDOW, HAAR, lying=True).recording.pictures.astype(int)
    expected = first_window(upright, WINDOW, HAAR).recording.pictures
    others = [np.rot90(expected, quarters, (1, 2)) for quarters in (1, 2, 3)]
    return bool(np.abs(found - expected).mean() < min(np.abs(found - other).mean() for other in others) / 2)


@pytest.mark.parametrize("person", [0, 1, 2])
@pytest.mark.parametrize(("quarters", "expected"), [(1, CLOCKWISE), (-1, AGAINST), (0, AS_STORED)])
def test_the_way_in_which_faces_are_upright_is_taken(
    tmp_path: Path, quarters: int, expected: Any, person: int
) -> None:
    path = film(tmp_path / "a.mp4", quarters, person=person)
    assert turn_of_lying(path, HAAR) == expected
    assert like_upright(path, film(tmp_path / "b.mp4", 0, person=person))


def test_what_the_container_says_is_done_and_nothing_else(tmp_path: Path) -> None:
    """Its pictures hang when they are turned as it says, but it is the container that knows."""
    upright = film(tmp_path / "a.mp4", 0)
    assert like_upright(film(tmp_path / "b.mp4", -1, flag=90), upright)
    hanging = film(tmp_path / "c.mp4", 1, flag=90)
    found = first_window(hanging, WINDOW, MIDDLE, lying=True).recording.pictures[:, ::-1, ::-1].astype(int)
    assert np.abs(found - first_window(upright, WINDOW, MIDDLE).recording.pictures).mean() < 4


def test_a_detector_that_looks_at_no_pixel_gets_a_turn_clockwise(tmp_path: Path) -> None:
    assert turn_of_lying(film(tmp_path / "a.mp4", -1), MIDDLE) == CLOCKWISE
