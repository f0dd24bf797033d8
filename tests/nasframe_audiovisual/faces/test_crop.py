"""The crop of a square."""

from __future__ import annotations

import numpy as np
import pytest

from nasframe_audiovisual import Square, crop

PIXELS = np.random.default_rng(0).integers(0, 256, (100, 120, 3), np.uint8)


def test_a_square_inside_is_reduced_by_the_mean_of_the_pixels() -> None:
    part = PIXELS[20:84, 10:74].reshape(16, 4, 16, 4, 3).astype(float)
    made = crop(PIXELS, Square(10, 20, 64), 16)
    assert made.dtype == np.uint8
    assert np.abs(made - part.mean((1, 3))).max() <= 0.5


@pytest.mark.parametrize(
    "square",
    [Square(-20, -30, 60), Square(80, 90, 60), Square(-10, -20, 150), Square(200, 0, 10), Square(5, -90, 30)],
)
def test_outside_the_picture_its_edge_is_repeated(square: Square) -> None:
    rows = np.clip(np.arange(square.top, square.top + square.side), 0, 99)
    columns = np.clip(np.arange(square.left, square.left + square.side), 0, 119)
    assert np.array_equal(crop(PIXELS, square, square.side), PIXELS[rows][:, columns])


def test_a_small_square_is_enlarged() -> None:
    made = crop(PIXELS, Square(3, 4, 10), 64)
    assert made.shape == (64, 64, 3)
    assert np.array_equal(made[0, 0], PIXELS[4, 3])
