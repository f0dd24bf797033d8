"""The statistics of studies, against scipy by another route, closed forms and enumeration."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from scipy import stats

from nasframe.studies.statistics import holm, mean, paired, percentile, spearman, unpaired

VALUES = [0.91, 0.87, 0.95, 0.90, 0.83]
OTHERS = [0.90, 0.80, 0.93, 0.91, 0.80]


def test_the_interval_of_a_mean_is_students() -> None:
    found = mean(VALUES)
    low, high = stats.t.interval(0.95, df=4, loc=sum(VALUES) / 5, scale=stats.sem(VALUES))
    assert (found.mean, found.low, found.high) == pytest.approx((sum(VALUES) / 5, low, high))


def test_one_value_has_no_interval() -> None:
    found = mean([0.9])
    assert (found.mean, found.low, found.high, found.count) == (0.9, None, None, 1)


def test_no_value_has_no_mean() -> None:
    assert mean([None, math.nan]).mean is None


def test_what_was_not_measured_is_left_out_of_a_mean() -> None:
    assert mean([0.9, None, 0.8, math.nan, math.inf]) == mean([0.9, 0.8])


def test_the_interval_of_a_mean_holds_it_95_times_in_100() -> None:
    drawn = random.Random(0)
    held = 0
    for _ in range(2000):
        found = mean([drawn.gauss(3, 2) for _ in range(5)])
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 3 <= found.high
    assert 0.935 < held / 2000 < 0.965


def test_the_paired_test_is_scipys() -> None:
    found, known = paired(VALUES, OTHERS), stats.ttest_rel(VALUES, OTHERS)
    interval = known.confidence_interval(0.95)
    assert found.p == pytest.approx(known.pvalue)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))
    assert found.difference == pytest.approx(sum(VALUES) / 5 - sum(OTHERS) / 5)


def test_a_pair_counts_where_both_are_known() -> None:
    assert paired([*VALUES, None, 0.5], [*OTHERS, 0.4, math.nan]) == paired(VALUES, OTHERS)


def test_one_pair_is_no_test() -> None:
    found = paired([0.9, None], [0.8, 0.7])
    assert found.difference == pytest.approx(0.1)
    assert (found.p, found.low, found.high, found.count) == (None, None, None, 1)


def test_values_that_are_equal_pair_by_pair_do_not_differ() -> None:
    assert paired(VALUES, VALUES).p == 1.0


def test_pairs_that_differ_by_one_amount_but_for_rounding_give_no_p() -> None:
    found = paired([0.5, 0.7, 0.9], [0.4, 0.6 + 1e-9, 0.8])
    assert found.p is None
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))


def test_pairs_need_their_partners() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("given", "corrected"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),  # 3 · 0.01; 2 · 0.03; never less than that
        ([0.5, 0.6], [1.0, 1.0]),
        ([0.02], [0.02]),
        ([None, 0.02, None, 0.01], [None, 0.02, None, 0.02]),
        ([], []),
    ],
)
def test_holms_correction_by_hand(given: list[float | None], corrected: list[float | None]) -> None:
    assert holm(given) == pytest.approx(corrected)


def test_holms_correction_rejects_what_its_definition_rejects() -> None:
    for values in itertools.product([0.001, 0.012, 0.02, 0.03, 0.2], repeat=3):
        rejected = set()
        for rank, place in enumerate(sorted(range(3), key=lambda place: values[place])):
            if values[place] > 0.05 / (3 - rank):
                break
            rejected.add(place)
        assert {place for place, p in enumerate(holm(values)) if p is not None and p <= 0.05} == rejected


def test_the_rank_correlation_is_scipys_with_ties_too() -> None:
    first, second = [1.0, 2.0, 2.0, 4.0, 5.0, 5.0], [0.1, 0.3, 0.2, 0.2, 0.9, 0.4]
    assert spearman(first, second).rho == pytest.approx(stats.spearmanr(first, second).statistic)


def test_the_rank_correlation_of_ranks_without_ties_is_its_closed_form() -> None:
    order = [2, 0, 3, 1, 4]
    squares = sum((place - rank) ** 2 for place, rank in enumerate(order))
    assert spearman(range(5), order).rho == pytest.approx(1 - 6 * squares / (5 * 24))


def test_the_rank_correlation_of_equal_values_is_undefined() -> None:
    assert spearman([1.0, 2.0, 3.0], [0.5, 0.5, 0.5]).rho is None
    assert spearman([1.0, None], [2.0, 3.0]).rho is None


def test_a_perfect_rank_correlation_and_three_pairs_have_no_interval() -> None:
    assert spearman(range(9), range(9)).rho == pytest.approx(1.0)
    assert spearman(range(9), range(9)).low is None
    assert spearman([1, 2, 3], [1, 3, 2]).low is None


@pytest.mark.parametrize(("correlation", "count"), [(0.0, 30), (0.6, 30), (0.6, 200), (0.85, 100)])
def test_the_interval_of_a_rank_correlation_holds_it_about_95_times_in_100(
    correlation: float, count: int
) -> None:
    # of a normal distribution: Kendall and Gibbons, 6/π · asin(r/2)
    true, drawn, held = 6 / math.pi * math.asin(correlation / 2), random.Random(1), 0
    for _ in range(600):
        first = [drawn.gauss(0, 1) for _ in range(count)]
        noise = math.sqrt(1 - correlation**2)
        second = [correlation * value + noise * drawn.gauss(0, 1) for value in first]
        found = spearman(first, second)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= true <= found.high
    assert 0.92 < held / 600 < 0.98


@pytest.mark.parametrize(
    ("value", "expected"), [(0.0, 0.0), (1.0, 12.5), (2.5, 25.0), (3.0, 50.0), (4.0, 87.5), (5.0, 100.0)]
)
def test_a_percentile_counts_ties_half(value: float, expected: float) -> None:
    scores = [1.0, 3.0, 3.0, 4.0]
    assert percentile(value, scores) == expected
    assert percentile(value, scores) == stats.percentileofscore(scores, value, kind="mean")


def test_a_percentile_among_nothing_is_unknown() -> None:
    assert percentile(1.0, []) is None
    assert percentile(None, [1.0]) is None
    assert percentile(math.nan, [1.0]) is None
    assert percentile(2.0, [1.0, None, math.nan]) == 100.0


# -- differences of independent means ---------------------------------------------------------------------


def test_the_test_of_independent_means_is_welchs() -> None:
    few = OTHERS[:3]
    found, expected = unpaired(VALUES, few), stats.ttest_ind(VALUES, few, equal_var=False)
    low, high = expected.confidence_interval(0.95)
    assert found.difference == pytest.approx(sum(VALUES) / 5 - sum(few) / 3)
    assert (found.low, found.high, found.p) == pytest.approx((low, high, expected.pvalue))


def test_where_one_side_has_no_spread_the_test_is_students_of_the_other() -> None:
    found, expected = unpaired(VALUES, [0.8] * 40), stats.ttest_1samp(VALUES, 0.8)
    assert found.p == pytest.approx(expected.pvalue)


def test_independent_means_that_are_equal_are_told_apart_5_times_in_100() -> None:
    drawn = random.Random(0)
    told = 0
    for _ in range(2000):
        first, second = (
            [drawn.gauss(0, spread) for _ in range(count)] for spread, count in ((1, 8), (3, 20))
        )
        p = unpaired(first, second).p
        assert p is not None
        told += p < 0.05
    assert 70 <= told <= 130  # four deviations


def test_independent_values_without_spread_have_a_p_only_where_they_are_equal() -> None:
    same, other = unpaired([0.5, 0.5], [0.5, 0.5, 0.5]), unpaired([0.5, 0.5], [0.4, 0.4])
    assert (same.difference, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)
    assert (other.low, other.p) == (other.difference, None)


def test_one_value_on_a_side_leaves_the_difference_alone() -> None:
    found = unpaired([0.5, None], [0.25, 0.25])
    assert (found.difference, found.low, found.high, found.p) == (0.25, None, None, None)
    assert unpaired([], [0.25]).difference is None


def test_the_interval_of_a_difference_of_independent_means_keeps_to_the_bounds() -> None:
    found = unpaired([1.0, 0.0], [0.0, 1.0], (0.0, 1.0))
    assert (found.low, found.high) == (-1.0, 1.0)
