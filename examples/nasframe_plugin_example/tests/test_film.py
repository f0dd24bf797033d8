"""`film`, held against the contract of operations."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from nasframe import Operation, Shape
from nasframe.testing import OperationSuite
from nasframe_plugin_example.film import Film


class TestFilm(OperationSuite):
    shapes = ((4, 8), (4, 8))

    def make(self, shapes: Sequence[Shape]) -> Operation:
        return Film(shapes)


def test_without_modulation_y_passes_as_it_is() -> None:
    film = Film([(4, 8), (4, 8)])
    torch.nn.init.zeros_(film.modulation.weight)
    torch.nn.init.zeros_(film.modulation.bias)
    x, y = torch.rand(2, 3, 4, 8)
    assert torch.equal(film(x, y), y)


def test_inputs_of_two_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="two inputs of one shape"):
        Film([(4, 8), (5, 8)])
