"""One fact alone: its AUC in either direction, or of a category; chance in a small set is no shortcut."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nasframe_deepfake.auditing.separation import (
    LEAST_PEOPLE,
    separation_by_category,
    separation_by_number,
)
from nasframe_deepfake.metrics import auc

SETS = 300
"""Sets without a shortcut that are drawn; of 300, at a rate of 5 %, 25 are red once in 100 times."""


def people_and_labels(people: int, genuine: int = 2, fakes: int = 3) -> tuple[list[str], list[bool]]:
    """People who each have some genuine clips and some fakes."""
    each = [False] * genuine + [True] * fakes
    return [f"p{number}" for number in range(people) for _ in each], each * people


def values_of(kind: str, people: list[str], fake: list[bool], random: np.random.Generator) -> list[float]:
    """Numbers that say nothing about fakes.

    Each clip has its own; or all genuine clips of a person have one, and all fakes; or all clips of a person
    nearly one.
    """
    own = random.normal(size=len(people))
    if kind == "clips":
        return own.tolist()
    of = {key: random.normal() for key in sorted({*zip(people, fake, strict=True)})}
    if kind == "takes":
        return [of[person, label] for person, label in zip(people, fake, strict=True)]
    of = {person: of[person, label] for person, label in of}
    return [of[person] + 0.3 * value for person, value in zip(people, own, strict=True)]


@pytest.mark.parametrize("kind", ["clips", "takes", "people"])
@pytest.mark.parametrize("people", [LEAST_PEOPLE, 12, 30])
@pytest.mark.parametrize("categories", [0, 2, 8])
def test_on_sets_without_a_shortcut_the_lower_bound_passes_the_limit_by_chance_in_one_of_twenty_at_most(
    kind: str, people: int, categories: int
) -> None:
    names, fake = people_and_labels(people)
    red = 0
    for seed in range(SETS):
        values = values_of(kind, names, fake, np.random.default_rng((seed, people)))
        if categories:
            steps = np.clip((np.array(values) + 2) / 4 * categories, 0, categories - 1).astype(int)
            found = separation_by_category([*map(str, steps)], fake, names, seed)
        else:
            found = separation_by_number(values, fake, names, seed)
        assert found.low is not None
        red += found.low > 0.55
    assert red <= 0.05 * SETS + 9


def test_with_genuine_clips_and_fakes_of_other_people_chance_is_no_shortcut_either() -> None:
    names = [f"p{number}" for number in range(2 * LEAST_PEOPLE) for _ in range(4)]
    fake = [int(name[1:]) % 2 == 1 for name in names]
    red = 0
    for seed in range(SETS):
        values = values_of("people", names, fake, np.random.default_rng((seed, 1)))
        found = separation_by_number(values, fake, names, seed)
        assert found.low is not None
        red += found.low > 0.55
    assert red <= 0.05 * SETS + 9


def test_fewer_people_of_either_class_have_an_auc_and_no_interval() -> None:
    names, fake = people_and_labels(LEAST_PEOPLE - 1)
    found = separation_by_number([float(label) for label in fake], fake, names, 0)
    assert (found.auc, found.low, found.high, found.people) == (1.0, None, None, LEAST_PEOPLE - 1)
    found = separation_by_category([str(label) for label in fake], fake, names, 0)
    assert (found.auc, found.low) == (1.0, None)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_is_found_in_either_direction_with_the_same_interval(sign: int) -> None:
    names, fake = people_and_labels(20)
    random = np.random.default_rng(0)
    values = [sign * (label + random.normal()) for label in fake]
    found = separation_by_number(values, fake, names, 0)
    assert found.auc == pytest.approx(0.76, abs=0.08)
    assert found.low is not None
    assert found.high is not None
    assert 0.6 < found.low < found.auc < found.high < 0.9
    assert found.higher_in_fakes is (sign == 1)
    mirrored = separation_by_number([-value for value in values], fake, names, 0)
    assert (mirrored.auc, mirrored.low, mirrored.high) == pytest.approx((found.auc, found.low, found.high))


def test_the_auc_of_a_number_is_that_of_the_metrics_ties_included() -> None:
    random = np.random.default_rng(3)
    values, fake = random.integers(0, 6, 200), random.random(200) < 0.4
    found = separation_by_number(values.tolist(), fake.tolist(), [str(n) for n in range(200)], 0)
    expected = auc(torch.tensor(values), torch.tensor(fake).long())
    assert found.auc == pytest.approx(max(expected, 1 - expected))


def test_the_interval_covers_the_auc_of_the_population_in_most_sets() -> None:
    names, fake = people_and_labels(25)
    truth, covered = 0.7602, 0  # of two normal distributions whose means are a deviation apart
    for seed in range(200):
        random = np.random.default_rng((seed, 2))
        found = separation_by_number([label + random.normal() for label in fake], fake, names, seed)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert covered >= 180


def test_a_number_that_is_not_known_counts_as_below_all_others() -> None:
    names, fake = people_and_labels(10)
    found = separation_by_number([None if label else 25.0 for label in fake], fake, names, 0)
    assert (found.auc, found.low, found.higher_in_fakes) == (1.0, 1.0, False)


def test_a_category_of_which_each_clip_has_its_own_tells_nothing() -> None:
    names, fake = people_and_labels(20)
    found = separation_by_category([str(number) for number in range(len(fake))], fake, names, 0)
    assert (found.auc, found.low, found.high) == (0.5, 0.5, 0.5)


def test_a_category_that_goes_with_the_person_alone_is_no_shortcut() -> None:
    names, fake = people_and_labels(20)
    found = separation_by_category(names, fake, names, 0)
    assert found.auc == 0.5


def test_categories_that_most_fakes_have_are_found_whatever_their_order() -> None:
    names, fake = people_and_labels(20)
    random = np.random.default_rng(5)
    sizes = [random.choice(["160", "320"] if label else ["240", "480"]) for label in fake]
    found = separation_by_category(sizes, fake, names, 0)
    assert found.low is not None
    assert found.low > 0.9
    half = [size if random.random() < 0.5 else "240" for size in sizes]
    found = separation_by_category(half, fake, names, 0)
    assert found.auc is not None
    assert found.low is not None
    assert 0.55 < found.low < found.auc < 0.85


def test_one_class_alone_has_no_auc() -> None:
    for found in (
        separation_by_number([1.0, 2.0], [True, True], ["a", "b"], 0),
        separation_by_category(["x", "y"], [False, False], ["a", "b"], 0),
    ):
        assert (found.auc, found.low, found.high) == (None, None, None)


def test_the_order_of_the_clips_changes_no_number() -> None:
    names, fake = people_and_labels(15)
    random = np.random.default_rng(7)
    values = [round(label + random.normal(), 1) for label in fake]
    order = random.permutation(len(fake)).tolist()

    def shuffled(items: list[object]) -> list[object]:
        return [items[place] for place in order]

    for judge, items in (
        (separation_by_number, values),
        (separation_by_category, [str(round(value)) for value in values]),
    ):
        first = judge(items, fake, names, 4)  # type: ignore[operator]
        again = judge(shuffled(items), shuffled(fake), shuffled(names), 4)  # type: ignore[operator,arg-type]
        assert first == again
