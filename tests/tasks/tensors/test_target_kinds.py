"""The three kinds of targets: what they are told by, their metrics, and a task for each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from nasframe import Task, TensorTask
from nasframe.errors import DataError
from nasframe.tasks.tensors import Targets, kind_told_by
from nasframe.tasks.tensors.target_scores import (
    area_under_roc,
    average_precision,
    f1_scores,
    r_squared,
)
from nasframe.testing import TaskSuite

ROWS = torch.randn(100, 4, 3, generator=torch.Generator().manual_seed(1))
NUMBERS = ROWS.mean((1, 2)) * 300 + 7000
LABELS = (ROWS[:, 0] > 0).long()


class TestNumbers(TaskSuite):
    from_file = False

    def make(self) -> Task:
        return TensorTask({"x": ROWS}, NUMBERS, kind="number")


class TestLabels(TaskSuite):
    from_file = False

    def make(self) -> Task:
        return TensorTask({"x": ROWS}, LABELS, kind="labels", classes=("a", "b", "c"))


class TestTwoClasses(TaskSuite):
    from_file = False

    def make(self) -> Task:
        return TensorTask({"x": ROWS}, ["no", "yes"] * 50)


def test_the_scores_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(0)
    for _ in range(20):
        truth = random.random((40, 4)) < 0.3
        truth[0] = True
        scores = random.integers(0, 6, (40, 4)) / 5  # with equal ones
        found = f1_scores(torch.from_numpy(scores > 0.5), torch.from_numpy(truth))
        for average in ("weighted", "macro", "micro"):
            expected = metrics.f1_score(truth, scores > 0.5, average=average, zero_division=0)
            assert found[f"f1_{average}"] == pytest.approx(expected)
        given = torch.from_numpy(scores), torch.from_numpy(truth)
        assert average_precision(*given) == pytest.approx(metrics.average_precision_score(truth, scores))
        area = area_under_roc(given[0][:, 0], given[1][:, 0])
        assert area == pytest.approx(metrics.roc_auc_score(truth[:, 0], scores[:, 0]))
        numbers = random.normal(size=40)
        expected = metrics.r2_score(scores[:, 0], numbers)
        assert r_squared(torch.from_numpy(numbers), given[0][:, 0]) == pytest.approx(expected)


def test_what_is_undefined_is_nan() -> None:
    nothing = torch.zeros(3, 2, dtype=torch.bool)
    assert all(map(math.isnan, f1_scores(nothing, nothing).values()))
    assert math.isnan(average_precision(torch.zeros(3, 2), nothing))
    assert math.isnan(area_under_roc(torch.zeros(3), nothing[:, 0]))
    assert math.isnan(r_squared(torch.zeros(3), torch.ones(3)))


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (["a", "b"] * 10, "classes"),
        (torch.arange(20) % 2, "classes"),
        (torch.arange(20) % 2 == 0, "classes"),
        (torch.arange(40) % 20, "classes"),
        (torch.arange(42) % 21, "number"),
        (torch.arange(20) / 7, "number"),
        (torch.eye(3).repeat(5, 1), "classes"),
        (torch.ones(10, 2), "labels"),
    ],
)
def test_a_target_tells_its_kind(target: Any, kind: str) -> None:
    assert kind_told_by(target) == kind


def test_networks_learn_a_standardised_number_and_the_error_is_in_its_unit() -> None:
    task = TensorTask({"x": ROWS}, NUMBERS, kind="number")
    splits = task.data({}).splits
    targets = splits.weights.batch(torch.arange(len(splits.weights))).targets
    assert targets[:, 0].mean().abs() < 1e-5
    assert float(targets[:, 0].std(correction=0)) == pytest.approx(1, abs=1e-5)
    rows = [int(name) for name in splits.validation.identifiers]
    truth = splits.validation.batch(torch.arange(len(rows))).targets
    weights = NUMBERS[[int(name) for name in splits.weights.identifiers]]
    metrics = task.metrics(torch.zeros(len(rows), 1), truth)  # the mean of the split weights
    assert metrics["mae"] == pytest.approx(float((NUMBERS[rows] - weights.mean()).abs().mean()), rel=1e-4)
    assert task.metrics(truth[:, :1], truth)["r2"] == pytest.approx(1)
    assert task.objective == "r2"


def test_every_rare_label_is_spread_over_the_splits() -> None:
    labels = torch.zeros(80, 3)
    labels[:40, 0] = labels[::2, 1] = 1
    labels[:10, 2] = 1
    data = TensorTask({"x": torch.randn(80, 2)}, labels, kind="labels").data({})
    assert data.outputs == 3
    for split, rare in ((data.splits.weights, 4), (data.splits.validation, 2), (data.splits.test(), 2)):
        assert int(split.batch(torch.arange(len(split))).targets[:, 2].sum()) == rare


def test_metrics_are_nan_where_an_output_is_not_finite() -> None:
    for task, outputs in (
        (TensorTask({"x": ROWS}, NUMBERS, kind="number"), 1),
        (TensorTask({"x": ROWS}, LABELS, kind="labels"), 3),
        (TensorTask({"x": ROWS}, ["no", "yes"] * 50), 2),
    ):
        targets = task.data({}).splits.validation.batch(torch.arange(4)).targets
        found = task.metrics(torch.full((4, outputs), torch.nan), targets)
        assert task.objective in found
        assert all(map(math.isnan, found.values()))


@pytest.mark.parametrize(
    ("labels", "kind", "words"),
    [
        (LABELS + 1, "labels", "labels: expected 0 or 1, found 2 in row"),
        (LABELS[:, :1], "labels", "expected several labels at once"),
        (LABELS * 0, "labels", "no example has the label '0'"),
        (NUMBERS * 0 + 3, "number", "every example has the number 3"),
        (NUMBERS.where(torch.arange(100) != 7, torch.nan), "number", "NaN or infinity in row 7"),
        (["a"] * 100, "number", "expected numbers, found texts"),
        (ROWS[:, 0], "number", "expected a number for each example, found the shape (100, 3)"),
    ],
)
def test_targets_of_another_kind_are_refused_in_words(labels: Any, kind: str, words: str) -> None:
    import re

    with pytest.raises(DataError, match=re.escape(words)):
        TensorTask({"x": ROWS}, labels, kind=kind)  # type: ignore[arg-type]


def test_a_kind_that_there_is_not_is_refused_with_the_near_one() -> None:
    with pytest.raises(ValueError, match="found 'numbers'; did you mean 'number'"):
        TensorTask({"x": ROWS}, NUMBERS, kind="numbers")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="2 names for 3 labels"):
        Targets.of(LABELS, "labels", ("a", "b"))
