"""Numbers of float32 have no digits that float32 does not have."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasframe.runtime import shortest_number

single = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(single)
def test_a_number_of_float32_stays_the_same_one_in_float32(value: float) -> None:
    assert np.float32(shortest_number(value)) == np.float32(value)


@given(single.filter(lambda value: not value.is_integer()))
def test_its_text_is_no_longer_than_the_shortest_one_of_numpy(value: float) -> None:
    def digits(number: np.float32 | float) -> int:
        return len(np.format_float_scientific(number, trim="-").partition("e")[0])

    assert digits(shortest_number(value)) <= digits(np.float32(value))


@given(single, single)
def test_the_order_is_kept(first: float, second: float) -> None:
    assert (shortest_number(first) < shortest_number(second)) == (first < second)


@pytest.mark.parametrize("value", [49 / 60, 0.1, 1e300, -1e-300, 1234567936.0, math.inf, -math.inf])
def test_a_number_that_float32_did_not_make_is_returned_as_it_is(value: float) -> None:
    assert shortest_number(value) == value


def test_a_number_that_is_undefined_stays_so() -> None:
    assert math.isnan(shortest_number(math.nan))
