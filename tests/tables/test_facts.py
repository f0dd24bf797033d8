"""The facts of a table: deviations, the share like the best, and random search in closed form."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nasframe.tables import TabularBenchmark, facts_of, least_of_top, random_search, standard_error
from tests.tables.synthetic import table_at


def test_the_facts_are_those_of_the_numbers(table: TabularBenchmark) -> None:
    facts, finals = facts_of(table), table.final("test")
    means = finals.mean(axis=1)
    assert facts.best == pytest.approx(means.max())
    assert facts.median == pytest.approx(np.median(means))
    assert facts.spread == pytest.approx(means.std(ddof=1))
    assert facts.noise == pytest.approx(np.sqrt(finals.var(axis=1, ddof=1).mean()))
    assert 0.003 < (facts.noise or 0) < 0.008  # it was drawn with .004 twice
    assert facts.spearman is not None
    assert facts.spearman > 0.98
    within = 1.96 * np.sqrt(2 / 3) * (facts.noise or 0)
    assert facts.indistinct == pytest.approx(np.mean(means.max() - means <= within))
    assert (facts.networks, facts.trainings, facts.missing) == (30, 3, 0)
    assert [item.networks for item in facts.random] == [1, 3, 10, 30]


def test_noise_is_between_seeds_at_one_point_and_not_between_points(tmp_path: Path) -> None:
    def four_trainings(head: dict[str, Any], entries: list[dict[str, Any]]) -> None:
        head["trainings"] = [
            {"seed": seed, "point": {"task.fold": fold}, "data": ""} for fold in (0, 1) for seed in (1, 2)
        ]
        for number, entry in enumerate(entries):
            scores = [0.1, 0.12, 0.5, 0.52]  # folds differ by .4, seeds by .02
            entry["best_epoch"], entry["seconds"] = [4] * 4, [1] * 4
            for split in ("validation", "test"):
                entry[split] = {"accuracy": [[score + number / 100] * 4 for score in scores]}

    facts = facts_of(table_at(tmp_path, four_trainings))
    assert facts.noise == pytest.approx(np.std([0.1, 0.12], ddof=1))


def test_a_table_with_one_training_has_no_noise_and_is_not_judged(tmp_path: Path) -> None:
    def once(head: dict[str, Any], entries: list[dict[str, Any]]) -> None:
        head["trainings"] = head["trainings"][:1]
        head["standard_error"] = {"value": 0.01}
        for entry in entries:
            for key in ("best_epoch", "seconds"):
                entry[key] = entry[key][:1]
            for split in ("validation", "test"):
                entry[split] = {name: curves[:1] for name, curves in entry[split].items()}

    facts = facts_of(table_at(tmp_path, once))
    assert facts.noise is facts.indistinct is facts.passes is None


@pytest.mark.parametrize(("error", "passes"), [(0.02, True), (0.04, False)])
def test_a_table_passes_where_its_deviation_is_large_beside_noise_and_standard_error(
    error: float, passes: bool, tmp_path: Path
) -> None:
    def with_error(head: dict[str, Any], _: Any) -> None:
        head["standard_error"] = {"value": error}

    facts = facts_of(table_at(tmp_path, with_error))
    assert facts.spread == pytest.approx(0.088, abs=0.003)
    assert facts.passes is passes


@pytest.mark.parametrize("count", [1, 3, 30])
def test_random_search_in_closed_form_is_that_of_a_simulation(count: int, table: TabularBenchmark) -> None:
    found, random = random_search(table, count), np.random.default_rng(1)
    test, seen = table.final("test").mean(axis=1), table.final("validation")
    chosen = []
    for _ in range(20_000):
        drawn = random.permutation(30)[:count]
        scores = seen[drawn, random.integers(3)]
        chosen.append(drawn[random.permutation(np.flatnonzero(scores == scores.max()))[0]])
    assert found.test == pytest.approx(test[chosen].mean(), abs=4 * 0.088 / np.sqrt(20_000))
    hits = np.mean(np.array(chosen) == test.argmax())
    assert found.finds_top == pytest.approx(hits, abs=0.015)


def test_random_search_with_equal_scores_takes_any_of_them(tmp_path: Path) -> None:
    def tied(_: Any, entries: list[dict[str, Any]]) -> None:
        del entries[5:]
        for number, entry in enumerate(entries):
            entry["validation"] = {"accuracy": [[[0.1, 0.2, 0.2, 0.3, 0.3][number]] * 4] * 3}
            entry["test"] = {"accuracy": [[number / 10] * 4] * 3}

    table = table_at(tmp_path, tied)
    validation, expected = [0.1, 0.2, 0.2, 0.3, 0.3], []
    for drawn in itertools.combinations(range(5), 2):
        best = max(validation[item] for item in drawn)
        tied_ones = [item for item in drawn if validation[item] == best]
        expected.append(np.mean([item / 10 for item in tied_ones]))
    assert random_search(table, 2).test == pytest.approx(np.mean(expected))
    with pytest.raises(ValueError, match="expected 1 to 5 networks, found 6"):
        random_search(table, 6)


def test_the_standard_error_over_single_examples_is_that_of_a_share() -> None:
    correct = np.arange(1000) % 5 == 0
    assert standard_error(correct, range(1000)) == pytest.approx(np.sqrt(0.2 * 0.8 / 1000), rel=0.05)


def test_examples_of_one_unit_count_as_one() -> None:
    correct = np.repeat(np.arange(100) % 2, 10)
    units = np.repeat(np.arange(100), 10).tolist()
    assert standard_error(correct, units) == pytest.approx(0.5 / np.sqrt(100), rel=0.07)


def test_two_kinds_of_units_add_their_variances() -> None:
    random = np.random.default_rng(0)
    images, sounds = random.normal(0, 1, 60), random.normal(0, 2, 80)
    pairs = [(image, sound) for image in range(60) for sound in range(80)]
    values = [images[image] + sounds[sound] for image, sound in pairs]
    expected = np.sqrt(images.var(ddof=1) / 60 + sounds.var(ddof=1) / 80)
    both = standard_error(values, [image for image, _ in pairs], [sound for _, sound in pairs], draws=1000)
    assert both == pytest.approx(expected, rel=0.1)
    alone = standard_error(values, [image for image, _ in pairs], draws=1000)
    assert alone == pytest.approx(np.sqrt(images.var(ddof=1) / 60), rel=0.1)


def test_units_of_another_number_are_refused() -> None:
    with pytest.raises(ValueError, match="each of 3 values, found 2"):
        standard_error([0, 1, 1], [1, 2])
    with pytest.raises(ValueError, match="found none"):
        standard_error([0, 1, 1])


@pytest.mark.parametrize(
    ("networks", "top"), [(1, 1), (2, 1), (100, 1), (101, 2), (200, 2), (201, 3), (279, 3), (1000, 10)]
)
def test_the_top_1_percent_is_a_hundredth_rounded_up_and_one_network_at_least(
    networks: int, top: int
) -> None:
    scores = np.random.default_rng(0).permutation(networks) / 7
    least = least_of_top([np.nan, *scores, np.nan])
    assert least in scores
    assert (scores >= least).sum() == top
    assert np.isnan(least_of_top([np.nan]))


@pytest.mark.parametrize("values", [[0, 1], [0, 1, 1], [3.0, 1, 4, 1, 5]])
def test_the_standard_error_of_few_units_is_that_of_the_closed_form(values: list[float]) -> None:
    expected = np.std(values, ddof=1) / np.sqrt(len(values))
    units = [*range(len(values))]
    assert standard_error(values, units, draws=40_000) == pytest.approx(expected, rel=0.02)
    assert standard_error(values * 3, units * 3, draws=40_000) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("shape", [(2, 2), (2, 5), (4, 3)])
def test_the_standard_error_of_two_kinds_is_that_of_the_closed_form(shape: tuple[int, int]) -> None:
    rows, columns = shape
    x = np.random.default_rng(3).normal(0, 1, shape)
    row, column = x.mean(1, keepdims=True) - x.mean(), x.mean(0, keepdims=True) - x.mean()
    rest = x - x.mean() - row - column
    drawn = row.var() / rows + column.var() / columns + rest.var() / (rows * columns)
    units = [[place[kind] for place in np.ndindex(shape)] for kind in (0, 1)]
    expected = np.sqrt(drawn * min(shape) / (min(shape) - 1))
    assert standard_error(x.ravel(), *units, draws=40_000) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("deviations", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_the_square_of_the_standard_error_of_two_kinds_is_not_too_small_on_average(
    deviations: tuple[float, float, float],
) -> None:
    random, (rows, columns) = np.random.default_rng(0), (3, 5)
    units = [[place[kind] for place in np.ndindex(rows, columns)] for kind in (0, 1)]
    first, second, noise = deviations
    found = []
    for _ in range(300):
        x = first * random.normal(size=(rows, 1)) + second * random.normal(size=(1, columns))
        x = x + noise * random.normal(size=(rows, columns))
        found.append(standard_error(x.ravel(), *units, draws=100) ** 2)
    true = first**2 / rows + second**2 / columns + noise**2 / (rows * columns)
    assert np.mean(found) > 0.9 * true


def test_a_single_unit_has_no_standard_error() -> None:
    with pytest.raises(ValueError, match="expected two different units of each kind or more, found one"):
        standard_error([0, 1], ["a", "a"])


def test_missing_trainings_are_those_of_the_networks_that_are_counted(
    toy_pairs: None, tmp_path: Path
) -> None:
    def one_on_demand(_: Any, entries: list[dict[str, Any]]) -> None:
        entries[0]["on_demand"] = True
        for entry in entries[:2]:
            entry["best_epoch"][1] = None

    facts = facts_of(table_at(tmp_path, one_on_demand))
    assert (facts.networks, facts.missing) == (29, 1)
