"""The rows of a comparison and the sentences under it, from numbers made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from nasframe.jobs import Trial
from nasframe.studies.comparison.baseline_rows import baseline_rows
from nasframe.studies.comparison.baselines import BaselineGroup
from nasframe.studies.comparison.caveats import comparison_caveats
from nasframe.studies.comparison.paired_tests import paired_tests
from nasframe.studies.grid_sweep.caveats import sweep_caveats
from nasframe.studies.network_training import NetworkToTrain
from nasframe.studies.variants import Row, chosen, metrics_of, row_json

METRICS = ["auc", "parameters", "search_seconds"]


def network(name: str, validation: float | None, test: float | None, parameters: int = 10) -> dict[str, Any]:
    return {
        "name": name,
        "validation": {"auc": validation},
        "test": {"auc": test},
        "parameters": parameters,
        "multiply_adds": 0,
    }


def group(
    kind: str,
    seed: int,
    networks: Sequence[Mapping[str, Any]],
    missing: int = 0,
    single_streams: Sequence[str] = (),
) -> Any:
    names = [item["name"] for item in networks] + [f"missing {number}" for number in range(missing)]
    wanted = [NetworkToTrain(name, f"{name}.json") for name in names]
    trial = Trial(f"{kind} {seed}", Path(), "")
    return BaselineGroup(kind, "", ["grmc"], seed, wanted, trial, single_streams), networks


def values(rows: Sequence[Row], name: str, metric: str = "auc") -> Mapping[int, float | int | None]:
    return next(row for row in rows if row.name.startswith(name)).values[metric]


RANDOM = [
    group("random", 0, [network("random 1", 0.9, 0.6, 30), network("random 2", 0.7, 0.8, 20)]),
    group("random", 1, [network("random 1", None, 0.9), network("random 2", 0.6, 0.5)]),
]


def test_the_best_random_architecture_is_chosen_on_validation_and_not_on_test() -> None:
    rows = baseline_rows(RANDOM, "auc", METRICS, 2)
    assert values(rows, "random, best of 2 on validation") == {0: 0.6, 1: 0.5}
    assert values(rows, "random, best of 2 on validation", "parameters") == {0: 30, 1: 10}


def test_the_mean_of_the_random_architectures_is_taken_within_each_seed() -> None:
    rows = baseline_rows(RANDOM, "auc", METRICS, 2)
    assert values(rows, "random, mean of 2") == pytest.approx({0: 0.7, 1: 0.7})
    assert values(rows, "random, mean of 2", "parameters") == pytest.approx({0: 25, 1: 10})


def test_a_seed_whose_random_architectures_are_not_all_trained_has_no_best_of_them() -> None:
    some = [*RANDOM[:1], group("random", 1, [network("random 1", 0.9, 0.9)], missing=1)]
    rows = baseline_rows(some, "auc", METRICS, 2)
    assert list(values(rows, "random, best of 2")) == [0]
    assert list(values(rows, "random, mean of 2")) == [0]


def test_a_space_with_fewer_architectures_says_so() -> None:
    assert baseline_rows(RANDOM, "auc", METRICS, 5)[0].name == "random, mean of 2 (all there are)"


def test_no_baseline_was_searched_for() -> None:
    assert set(values(baseline_rows(RANDOM, "auc", METRICS, 2), "random", "search_seconds").values()) == {
        None
    }


def test_the_best_single_stream_is_chosen_seed_by_seed_among_those_that_say_they_are_one() -> None:
    task = [
        group(
            "task",
            seed,
            [
                network("picture", 0.8 - seed / 10, 0.55),
                network("sound", 0.75, 0.65),
                network("concatenation", 0.99, 0.95),
            ],
            single_streams=["picture", "sound"],
        )
        for seed in (0, 1)
    ]
    rows = baseline_rows(task, "auc", METRICS, 0)
    assert [row.name for row in rows] == [
        "best single stream (picture, sound)",
        *("picture", "sound", "concatenation"),
    ]
    assert rows[0].values["auc"] == {0: 0.55, 1: 0.65}


def test_metrics_are_what_is_measured_on_both_splits_and_the_costs() -> None:
    validation = {"loss": 0.3, "acc": 0.8, "auc": 0.9, "other": 1.0}
    test = {"auc": 0.9, "acc": 0.8, "threshold": 0.5, "clips": 30, "other": {"a": 1}, "loss": 0.4}
    assert metrics_of("auc", validation, test) == [
        *("auc", "acc"),
        *("parameters", "multiply_adds", "search_seconds", "total_seconds", "cost_in_trainings"),
    ]


def test_where_nothing_was_trained_the_objective_is_still_a_column() -> None:
    assert metrics_of("auc", {}, {})[0] == "auc"


def row(
    name: str,
    kind: str,
    seeds: Sequence[float | None],
    variants: Sequence[str] = (),
    is_best_random: bool = False,
) -> Row:
    values = dict(enumerate(seeds))
    return Row(name, kind, {"auc": values}, values, variants, is_best_random)


ROWS = [
    row("a", "variant", [0.90, 0.92, 0.91]),
    row("b", "variant", [0.80, 0.83, 0.81]),
    row("c", "variant", [0.70, None, 0.75]),
    row("late fusion", "baseline", [0.85, 0.85, 0.86], ["a", "b"]),
]


def test_pairs_of_variants_and_pairs_with_baselines_are_corrected_apart() -> None:
    found = paired_tests(ROWS, ["auc"], {})
    families = {
        family: [(test["a"], test["b"]) for test in found if test["family"] == family]
        for family in ("variants", "baselines")
    }
    assert families == {
        "variants": [("a", "b"), ("a", "c"), ("b", "c")],
        "baselines": [("a", "late fusion"), ("b", "late fusion")],
    }
    for family in ("variants", "baselines"):
        own = [test for test in found if test["family"] == family]
        smallest = min(own, key=lambda test: test["p"])
        assert smallest["p_holm"] == pytest.approx(min(1.0, len(own) * smallest["p"]))


def test_a_seed_that_is_missing_on_one_side_is_in_no_pair() -> None:
    found = {(test["a"], test["b"]): test for test in paired_tests(ROWS, ["auc"], {})}
    assert found["a", "b"]["pairs"] == 3
    assert found["a", "c"]["pairs"] == 2
    assert found["a", "c"]["difference"] == pytest.approx((0.20 + 0.16) / 2)


def said(rows: Sequence[Row], **more: Any) -> str:
    trials = [{"search": {"converged": True}}]
    made = [row_json(item, "auc", {}) for item in rows]
    seeds = list(rows[0].values["auc"])
    base = {"objective": "auc", "trials": trials, "failed": {}, "seeds": seeds, "rows": made, "variants": []}
    base["chosen"] = chosen(made, "auc")
    best_random = [item.name for item in rows if item.is_best_random]
    return "\n".join(
        comparison_caveats({**base, "tests": paired_tests(rows, ["auc"], {}), **more}, best_random)
    )


def test_a_clear_difference_is_said_with_its_direction() -> None:
    assert "a has a higher auc than b, by 0.0967" in said(ROWS[:2])
    assert "a has a higher auc than b, by 0.0967" in said(ROWS[1::-1])


def test_variants_of_the_task_are_said_to_be_scored_on_other_examples() -> None:
    points: list[dict[str, Any]] = [{"task.pairings": 1, "train.epochs": 2}, {"task.pairings": 2}]
    text = said(ROWS[:2], variants=[{"name": "a", "point": point} for point in points])
    assert "The variants differ in their task (task.pairings)" in text
    assert "differ in their task" not in said(ROWS[:2], variants=[{"name": "a", "point": {"seed": 1}}])


def test_a_difference_that_may_be_chance_is_not_called_one() -> None:
    rows = [row("a", "variant", [0.9, 0.7, 0.8]), row("b", "variant", [0.7, 0.9, 0.79])]
    text = said(rows)
    assert "No two variants differ significantly in auc" in text
    assert "does not show that they are equal" in text
    assert "The intervals are wide" in text


def test_a_search_is_set_against_as_many_random_trainings() -> None:
    best = row("random, best of 3 on validation", "baseline", [0.95, 0.975, 0.96], ["a"], True)
    assert "a is worse than random, best of 3 on validation" in said([ROWS[0], best])
    unclear = row("random, best of 3 on validation", "baseline", [0.95, 0.87, 0.91], ["a"], True)
    assert "Not shown to be better or worse than random, best of 3 on validation: a." in said(
        [ROWS[0], unclear]
    )


def test_failures_and_searches_that_did_not_converge_are_named() -> None:
    trials = [{"search": {"converged": False}}, {"search": None}]
    text = said(ROWS[:2], trials=trials, failed={"a,seed=2": "out of luck", "b,seed=2": ""})
    assert "a,seed=2 failed: out of luck" in text
    assert "b,seed=2 has not ended" in text
    assert "The search did not converge: it used up its epochs" in text


def test_of_variants_that_are_equal_with_every_seed_it_is_said_that_nothing_differs() -> None:
    text = said([row(name, "variant", [0.75, 0.8, 0.85]) for name in ("a", "b")])
    assert "With every seed, all variants have the same auc on the test split." in text
    assert "differ significantly" not in text
    assert "and the means are equal." in text


def test_equal_values_have_no_interval_in_a_sentence() -> None:
    rows = [measured(name, [value] * 2, [value] * 2) for name, value in (("a", 0.75), ("b", 0.7))]
    assert "a was chosen on validation (0.7500, all equal) among 2 variants" in said(rows)


# -- the choice -------------------------------------------------------------------------------------------


def measured(name: str, validation: Sequence[float | None], test: Sequence[float | None]) -> Row:
    return Row(name, "variant", {"auc": dict(enumerate(test))}, dict(enumerate(validation)))


def test_the_variant_with_the_best_mean_on_validation_is_chosen_and_both_splits_are_shown() -> None:
    rows = [measured("a", [0.8, 0.7], [0.99, 0.99]), measured("b", [0.9, 0.7], [0.6, 0.5])]
    listed = [row_json(item, "auc", {"auc": (0.0, 1.0)}) for item in rows]
    assert chosen(listed, "auc") == {
        "name": "b",
        "validation": listed[1]["validation"],
        "test": listed[1]["values"]["auc"],
        "among": 2,
        "equal": [],
        "left_out": [],
    }
    assert listed[1]["validation"]["mean"] == pytest.approx(0.8)
    assert listed[1]["validation"]["by_seed"] == {"0": 0.9, "1": 0.7}
    assert 0 < listed[1]["validation"]["low"] < listed[1]["validation"]["high"] < 1


def test_of_equal_means_the_first_is_chosen_a_baseline_never_and_none_where_none_was_measured() -> None:
    rows = [
        row("late fusion", "baseline", [0.99]),
        measured("a", [None], [None]),
        measured("b", [0.7], [0.1]),
        measured("c", [0.7], [0.9]),
    ]
    listed = [row_json(item, "auc", {}) for item in rows]
    found = chosen(listed, "auc")
    assert found is not None
    assert (found["name"], found["equal"], found["left_out"]) == ("b", ["c"], ["a"])
    assert chosen(listed[:2], "auc") is None


def test_only_rows_with_the_most_seeds_can_be_chosen_and_the_others_are_named() -> None:
    rows = [
        measured("lucky", [0.99, None], [0.99, None]),
        measured("b", [0.7, 0.8], [0.6, 0.7]),
        measured("c", [0.6, 0.7], [0.9, 0.9]),
    ]
    text = said(rows)
    assert text.startswith("b was chosen on validation (0.7500 [")
    assert "among 2 variants" in text
    assert "Left out of the choice, because of missing seeds: lucky." in text
    none_is_complete = [measured("lucky", [None, 0.9], [None, 0.9]), measured("b", [0.7, None], [0.6, None])]
    assert said(none_is_complete).startswith("lucky was chosen on validation (0.9000) among 2 variants")


def test_the_first_caveat_says_the_choice_with_both_splits_to_four_decimals() -> None:
    rows = [measured("a", [0.8, 0.7, 0.9], [0.9, 0.8, 0.7]), measured("b", [0.1] * 3, [0.2] * 3)]
    first, *_ = said(rows).splitlines()
    validation, test = (row_json(rows[0], "auc", {})[key] for key in ("validation", "values"))
    shown = [
        f"{value['mean']:.4f} [{value['low']:.4f}, {value['high']:.4f}]"
        for value in (validation, test["auc"])
    ]
    assert first.startswith(
        f"a was chosen on validation ({shown[0]}) among 2 variants; its test auc is {shown[1]}."
    )


def test_equal_means_on_validation_are_named() -> None:
    rows = [measured(name, [0.7], [0.1]) for name in ("softmax", "grmc")]
    assert "On validation equal to: grmc. The first of them was chosen." in said(rows)


def test_a_single_variant_was_not_chosen() -> None:
    assert "chosen" not in said([measured("a", [0.7], [0.1]), row("late fusion", "baseline", [0.9])])


def test_a_baseline_has_the_validation_of_the_network_that_was_chosen() -> None:
    best, mean = (
        next(row for row in baseline_rows(RANDOM, "auc", METRICS, 2) if row.name.startswith(name))
        for name in ("random, best", "random, mean")
    )
    assert best.validation == {0: 0.9, 1: 0.6}
    assert mean.validation == pytest.approx({0: 0.8, 1: 0.6})


@pytest.mark.parametrize(
    ("seeds", "sentence"),
    [
        (1, "One seed: no interval and no test."),
        (2, "2 seeds are too few"),
        (3, "3 seeds are too few"),
        (4, ""),
    ],
)
def test_below_four_seeds_the_caveats_say_that_they_are_too_few(seeds: int, sentence: str) -> None:
    rows = [row("a", "variant", [0.9, 0.8, 0.85, 0.87][:seeds])]
    text = said(rows)
    assert sentence in text
    assert ("too few" in text) == (seeds in (2, 3))


def test_a_sweep_says_that_its_point_was_chosen_on_validation() -> None:
    listed = [row_json(measured(name, [0.7], [0.9]), "auc", {}) for name in ("x=1", "x=2")]
    base: dict[str, Any] = {
        "objective": "auc",
        "axes": [{"key": "x", "values": [1, 2]}],
        "seeds": [0],
        "trials": [{"name": "x=2,seed=0", "status": "failed", "error": "out of luck"}],
        "rows": listed,
        "chosen": chosen(listed, "auc"),
    }
    text = "\n".join(sweep_caveats(base))
    assert "x=1 was chosen on validation (0.7000) among 2 points; its test auc is 0.9000." in text
    assert "The best test auc of all is not the result" in text
    assert "x=2,seed=0 failed: out of luck" in text
    assert "One seed" in text
    swept = {**base, "axes": [{"key": "seed", "values": [0, 1, 2, 3]}], "seeds": [0, 1, 2, 3]}
    assert "Only the seed varies" in "\n".join(sweep_caveats({**swept, "chosen": None}))
