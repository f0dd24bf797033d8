"""Intervals of means, against scipy, closed forms and simulation."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from nasframe import Experiment
from nasframe.studies.statistics import CORRELATION, PERCENTILE, bounds_of, interval, mean, paired
from tests.toys import SUMS

VALUES = [0.91, 0.87, 0.95, 0.90, 0.83]
OTHERS = [0.90, 0.80, 0.93, 0.91, 0.80]
SHARE = (0.0, 1.0)
ROOT = Path(__file__).parents[3]


def students(values: list[float]) -> tuple[float, float]:
    low, high = stats.t.interval(
        0.95, df=len(values) - 1, loc=sum(values) / len(values), scale=stats.sem(values)
    )
    return float(low), float(high)


def test_without_bounds_it_is_students() -> None:
    assert interval(VALUES) == pytest.approx(students(VALUES))


def test_within_bounds_it_is_students_on_the_logit_scale_by_the_delta_method() -> None:
    centre, (low, high) = sum(VALUES) / 5, students(VALUES)
    half = (high - low) / 2 / (centre * (1 - centre))
    expected = special.expit(special.logit(centre) - half), special.expit(special.logit(centre) + half)
    assert interval(VALUES, SHARE) == pytest.approx(expected)


def test_the_bounds_scale_with_the_quantity() -> None:
    percent = interval([100 * value for value in VALUES], PERCENTILE)
    assert percent == pytest.approx([100 * end for end in interval(VALUES, SHARE)])


def test_of_correlations_it_is_fishers_z() -> None:
    centre, (low, high) = sum(VALUES) / 5, students(VALUES)
    half = (high - low) / 2 / (1 - centre**2)
    expected = math.tanh(math.atanh(centre) - half), math.tanh(math.atanh(centre) + half)
    assert interval(VALUES, CORRELATION) == pytest.approx(expected)


def test_far_from_its_bounds_it_is_students_again() -> None:
    assert interval(VALUES, (-1e6, 1e6)) == pytest.approx(students(VALUES), rel=1e-6)


def test_a_quantity_that_is_never_below_zero_is_cut_there() -> None:
    low, high = students([1.0, 9.0])
    assert low < 0
    assert interval([1.0, 9.0], (0.0, math.inf)) == pytest.approx((0.0, high))


@pytest.mark.parametrize("bounds", [SHARE, (0.0, math.inf), (-math.inf, math.inf), CORRELATION])
@pytest.mark.parametrize("value", [0.0, 0.4, 1.0])
def test_of_equal_values_it_is_that_value(value: float, bounds: tuple[float, float]) -> None:
    assert interval([value] * 3, bounds) == pytest.approx((value, value), abs=1e-15)


def test_a_mean_at_a_bound_but_for_rounding_has_an_interval_within_it() -> None:
    low, high = interval([1.0, 1.0, math.nextafter(1.0, 0.0)], SHARE)
    assert 0.0 <= low <= high <= 1.0
    assert interval([0.0, 0.0, 5e-324], SHARE)[0] >= 0.0


def test_with_a_value_outside_its_bounds_it_is_students() -> None:
    assert interval([0.5, 0.9, 1.3], SHARE) == pytest.approx(students([0.5, 0.9, 1.3]))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_it_never_leaves_the_bounds_and_holds_the_mean(values: list[float]) -> None:
    found = mean(values, SHARE)
    assert found.low is not None
    assert found.high is not None
    assert found.mean is not None
    assert 0.0 <= found.low <= found.mean <= found.high <= 1.0


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_near_a_bound_it_holds_the_mean_95_times_in_100_where_students_does_less_often(seeds: int) -> None:
    drawn, held, plain, outside = random.Random(0), 0, 0, 0
    scale = 0.97 * 0.03 / 0.02**2 - 1  # of a beta distribution with mean .97 and deviation .02
    for _ in range(3000):
        values = [drawn.betavariate(0.97 * scale, 0.03 * scale) for _ in range(seeds)]
        low, high = interval(values, SHARE)
        held += low <= 0.97 <= high
        low, high = interval(values)
        plain += low <= 0.97 <= high
        outside += high > 1
    assert 0.93 < held / 3000 < 0.965
    assert plain < held
    assert outside > 0 or seeds == 10


def test_the_difference_of_two_shares_lies_between_minus_one_and_one() -> None:
    first, second = [1.0, 0.9, 1.0], [0.0, 0.3, 0.0]
    plain, found = paired(first, second), paired(first, second, SHARE)
    assert plain.high is not None
    assert plain.high > 1
    assert found.high is not None
    assert found.high <= 1
    assert (found.p, found.difference) == (plain.p, plain.difference)
    differences = [a - b for a, b in zip(first, second, strict=True)]
    assert (found.low, found.high) == interval(differences, (-1.0, 1.0))


def test_the_difference_of_two_costs_has_no_bounds() -> None:
    costs = (0.0, math.inf)
    assert paired([1.0, 2.0], [9.0, 3.0], costs) == paired([1.0, 2.0], [9.0, 3.0])


def test_small_differences_in_the_middle_have_nearly_students_interval() -> None:
    found, plain = paired(VALUES, OTHERS, SHARE), paired(VALUES, OTHERS)
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high), abs=1e-3)


@pytest.mark.usefixtures("home")
def test_a_task_declares_the_bounds_of_its_metrics_and_costs_are_at_least_zero() -> None:
    found = bounds_of([Experiment.load(SUMS)])
    assert found["accuracy"] == (0.0, 1.0)
    assert found["parameters"] == found["search_seconds"] == (0.0, math.inf)
    deepfake = bounds_of([Experiment.load(ROOT / "plugins/nasframe_deepfake/demo.toml")])
    assert (deepfake["auc"], deepfake["acc"]) == (SHARE, SHARE)
