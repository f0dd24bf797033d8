"""The states of the global random generators."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from nasframe.runtime import RandomStates, random_states_kept


def draw() -> tuple[float, float, float]:
    """A number of each global generator."""
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_what_is_drawn_in_the_block_is_drawn_again_after_it() -> None:
    with random_states_kept():
        inside = draw()
    assert draw() == inside


def test_the_states_are_given_back_where_the_block_raises() -> None:
    @random_states_kept()
    def failing() -> None:
        drawn.append(draw())
        raise ValueError("stop")

    drawn: list[tuple[float, float, float]] = []
    with pytest.raises(ValueError, match="stop"):
        failing()
    assert [draw()] == drawn


def test_numbers_that_were_drawn_after_a_state_are_drawn_again_and_the_present_state_stays() -> None:
    states = RandomStates.now()
    first, second = draw(), draw()
    with states.again():
        assert (draw(), draw()) == (first, second)
    third = draw()
    assert third != first
    with states.again():
        assert [draw(), draw(), draw()] == [first, second, third]


def test_the_states_of_torch_alone_leave_the_other_generators_as_they_are() -> None:
    states = RandomStates.of_torch()
    first, second = draw(), draw()
    states.restore()
    third = draw()
    assert third[2] == first[2]
    assert third[:2] not in (first[:2], second[:2])
