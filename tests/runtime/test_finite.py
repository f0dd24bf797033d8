"""Finite numbers of tensors."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from nasframe.runtime import is_finite, rows_not_finite

BAD = [math.nan, math.inf, -math.inf]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.complex64])
def test_a_tensor_with_one_bad_number_is_not_finite_however_deep_it_lies(
    bad: float, dtype: torch.dtype
) -> None:
    value = torch.ones(2, 3, dtype=dtype, requires_grad=True)
    spoilt = value.detach().clone()
    spoilt[1, 2] = bad
    for found, wanted in ((value, True), (spoilt, False)):
        assert is_finite(found) is wanted
        assert is_finite([{"a": torch.zeros(1)}, ("b", {"c": [found]})]) is wanted


@pytest.mark.parametrize("values", [[], {}, None, "nan", [None, 3], torch.arange(3), torch.zeros(0, 2)])
def test_where_no_tensor_holds_a_bad_number_all_is_finite(values: Any) -> None:
    assert is_finite(values)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("shape", [(4,), (4, 2), (4, 2, 3)])
def test_each_row_with_a_bad_number_is_told(bad: float, shape: tuple[int, ...]) -> None:
    values = torch.zeros(shape)
    values.reshape(4, -1)[1, -1] = bad
    assert rows_not_finite(values).tolist() == [False, True, False, False]


@pytest.mark.parametrize("shape", [(0,), (0, 2), (0, 2, 3)])
def test_no_rows_are_told_of_a_tensor_without_rows(shape: tuple[int, ...]) -> None:
    assert rows_not_finite(torch.zeros(shape)).tolist() == []


def test_a_row_without_numbers_is_finite() -> None:
    assert rows_not_finite(torch.zeros(2, 0)).tolist() == [False, False]
