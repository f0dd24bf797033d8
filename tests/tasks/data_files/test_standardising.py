"""Inputs of large, small and nearly equal numbers, standardised right or refused, and never zero."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nasframe import Experiment
from nasframe.errors import DataError
from nasframe.runtime import SILENT
from nasframe.tasks import run_stages
from nasframe.tasks.data_files.standardising import InputScale

ROWS = torch.arange(0, 60, 2)
STEPS = torch.arange(60) * 17 % 31


def standardised(values: torch.Tensor) -> torch.Tensor:
    return InputScale.of(values, ROWS)(values, torch.arange(len(values)))


def expected(values: torch.Tensor) -> torch.Tensor:
    known = values[ROWS].double()
    return ((values.double() - known.mean(0)) / known.std(0, correction=0)).float()


@pytest.mark.parametrize("start", [2**40, 10**15, 2**53, 10**18, -(10**18), 2**63 - 40, -(2**63)])
@pytest.mark.parametrize("step", [1, -1])
def test_whole_numbers_of_64_bits_are_standardised_as_their_differences_are(start: int, step: int) -> None:
    start += 0 if step > 0 else 31
    values = torch.tensor([start + step * int(item) for item in STEPS])
    close = partial(torch.testing.assert_close, rtol=0, atol=1e-5)
    close(standardised(values), expected(STEPS * step))
    columns = torch.stack([values, STEPS * 3, torch.full((60,), 10**18 + 1)], 1)
    found = standardised(columns)
    close(found[:, 0], expected(STEPS * step))
    assert torch.equal(found[:, 1], expected(STEPS * 3))
    assert not found[:, 2].any()
    close(standardised(values[:, None, None].expand(60, 2, 2))[:, 0, 1], expected(STEPS * step))


def test_whole_numbers_in_floating_point_are_standardised_or_refused() -> None:
    assert torch.equal(standardised(10.0**15 + STEPS.double()), expected(STEPS))
    words = re.escape("whole numbers up to 1e+18 at one place of the examples, which floating point does not")
    with pytest.raises(DataError, match=words):
        standardised(10.0**18 + 128 * STEPS.double())
    values = torch.tensor([-(2**63), *[2**62 + int(item) for item in STEPS[1:]]])
    with pytest.raises(DataError, match="whose difference 64 bits do not hold"):
        standardised(values.roll(1))


@pytest.mark.parametrize("scale", [2.0**1015, 2.0**600, 2.0**-600, 2.0**-1060])
def test_numbers_whose_squares_are_not_held_are_standardised_as_others_are(scale: float) -> None:
    columns = torch.stack([STEPS.double() * scale, STEPS * 0.5], 1)
    assert torch.allclose(standardised(columns), expected(torch.stack([STEPS, STEPS], 1)), atol=1e-6)
    assert torch.allclose(standardised(columns[:, 0]), expected(STEPS), atol=1e-6)


def test_a_rounding_error_of_one_number_is_no_difference() -> None:
    values = torch.tensor([0.1 + 0.2, 0.3], dtype=torch.float64).repeat(30)[STEPS]
    assert not standardised(values).any()


def prepared(path: Path, **options: Any) -> None:
    values = {"task": {"name": "tensors", "target": "y", **options}, "space": {"name": "bimodal"}}
    stages = Experiment.parse(values).task.stages(path, 0)
    run_stages(stages, path.parent / "cache", torch.device("cpu"), SILENT)


@pytest.mark.parametrize("standardise", [True, False])
@pytest.mark.parametrize(("start", "step"), [(10**18, 1), (10**18, 100), (2**53, 1)])
def test_a_column_that_floating_point_does_not_tell_apart_is_refused_with_its_line(
    tmp_path: Path, start: int, step: int, standardise: bool
) -> None:
    path = tmp_path / "my.csv"
    path.write_text("a,b,y\n" + "".join(f"{row},{start + row * step},{row % 2}\n" for row in range(60)))
    with pytest.raises(DataError, match="line 2, column 'b': whole numbers beyond 9,007,199,254,740,992"):
        prepared(path, standardise=standardise)


def test_a_number_that_is_too_far_from_the_others_is_told_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "my.csv"
    splits = ["train"] * 40 + ["val"] * 10 + ["test"] * 10
    lines = [f"{row},{row % 5}e-30,{row % 2},{split}" for row, split in enumerate(splits)]
    path.write_text("\n".join(["a,b,y,s", *lines[:-1], lines[-1].replace("4e-30", "4e30"), ""]))
    words = "my.csv: input 'x', line 61, column 'b': is so far from the numbers of the split weights"
    with pytest.raises(DataError, match=re.escape(words)):
        prepared(path, split="s")


def test_an_input_of_too_many_dimensions_is_told_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "my.npz"
    np.savez(path, x=np.zeros((20, *[1] * 16)), y=np.arange(20) % 2)
    with pytest.raises(DataError, match=r"my\.npz: input 'x': has 17 dimensions; expected 16 or fewer"):
        prepared(path)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (np.arange(60) * 1e200, "whose deviation float32 does not hold; scale them first"),
        (np.arange(60) * 1e-200, "whose deviation float32 does not hold; scale them first"),
        (np.arange(60) + 10**17, "which floating point hardly tells apart; subtract what they share, first"),
        (np.where(np.arange(60) == 7, 1e300, np.arange(60)), "does not hold"),
    ],
)
def test_numbers_to_predict_that_are_not_held_are_refused(tmp_path: Path, numbers: Any, words: str) -> None:
    path = tmp_path / "my.npz"
    np.savez(path, x=np.arange(60), y=numbers)
    with pytest.raises(DataError, match=re.escape(f"{path}: target: ")) as caught:
        prepared(path, kind="number")
    assert words in str(caught.value)


def test_class_numbers_that_are_large_are_told_as_large(tmp_path: Path) -> None:
    path = tmp_path / "my.npz"
    np.savez(path, x=np.arange(60), y=1e17 + np.arange(60) % 2 * 1e10)
    words = "whole numbers beyond 9,007,199,254,740,992 in rows 0, 1, 2 and 57 more, such as 1e+17"
    with pytest.raises(DataError, match=re.escape(words)):
        prepared(path, kind="classes")
