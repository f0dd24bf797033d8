from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score

from nasframe_deepfake.detection import make_heads
from nasframe_deepfake.metrics import accuracy, auc, best_threshold, none_if_nan, per_category
from nasframe_deepfake.task import DeepfakeTask

scored = st.lists(st.tuples(st.integers(-30, 30), st.booleans()), min_size=2, max_size=40)


@settings(deadline=None)  # the first call imports torchmetrics
@given(scored)
def test_auc_agrees_with_scikit_learn_ties_and_large_logits_included(clips: list[tuple[int, bool]]) -> None:
    scores = torch.tensor([score for score, _ in clips], dtype=torch.float32)
    targets = torch.tensor([float(fake) for _, fake in clips])
    if len(set(targets.tolist())) == 2:
        assert auc(scores, targets) == pytest.approx(roc_auc_score(targets, scores), abs=1e-6)
    else:
        assert math.isnan(auc(scores, targets))


@settings(deadline=None)  # the first call imports torchmetrics
@given(scored, st.floats(0.01, 0.99))
def test_accuracy_agrees_with_scikit_learn(clips: list[tuple[int, bool]], threshold: float) -> None:
    scores = torch.sigmoid(torch.tensor([score / 10 for score, _ in clips], dtype=torch.float64))
    targets = torch.tensor([float(fake) for _, fake in clips])
    expected = accuracy_score(targets.numpy() > 0, scores.numpy() >= threshold)
    assert accuracy(scores, targets, threshold) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(scored)
def test_no_threshold_has_a_better_balanced_accuracy(clips: list[tuple[int, bool]]) -> None:
    scores = torch.sigmoid(torch.tensor([score / 10 for score, _ in clips], dtype=torch.float64))
    targets = torch.tensor([fake for _, fake in clips])
    if len(set(targets.tolist())) < 2:
        return
    threshold = best_threshold(scores, targets)
    tried = [*np.linspace(0, 1, 11), *(scores.numpy() + 1e-9), *(scores.numpy() - 1e-9)]
    best = max(balanced_accuracy_score(targets, scores.numpy() >= t) for t in tried)
    assert balanced_accuracy_score(targets, scores.numpy() >= threshold) == pytest.approx(best)


def test_without_a_second_class_auc_is_undefined_and_the_threshold_one_half() -> None:
    scores, targets = torch.rand(5), torch.ones(5)
    assert none_if_nan(auc(scores, targets)) is None
    assert best_threshold(scores, targets) == 0.5


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("count", [1, 4])
def test_a_metric_of_scores_that_are_not_finite_is_undefined(bad: float, count: int) -> None:
    scores, targets = torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([0, 0, 1, 1])
    scores[:count] = bad
    assert math.isnan(auc(scores, targets))
    assert math.isnan(accuracy(scores, targets, 0.5))
    assert math.isnan(best_threshold(scores, targets))
    parts = per_category(scores, targets, ["real", "real", "FV-RA", "FV-RA"], genuine="real")
    assert parts == {"FV-RA": {"auc": None, "count": 2}}


def test_a_metric_of_targets_or_a_threshold_that_are_no_number_is_undefined() -> None:
    scores, targets = torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([0.0, 0.0, 1.0, 1.0])
    assert math.isnan(accuracy(scores, targets, math.nan))
    targets[0] = math.nan
    assert math.isnan(auc(scores, targets))
    assert math.isnan(accuracy(scores, targets, 0.5))
    assert math.isnan(best_threshold(scores, targets))


def test_the_task_gives_no_metric_and_no_threshold_to_outputs_that_are_not_finite() -> None:
    for heads, outputs in (("single", 1), ("separate", 3)):
        task = DeepfakeTask(heads=heads)
        values, targets = torch.zeros(4, outputs), torch.tensor([[0.0], [0.0], [1.0], [1.0]]).expand(4, 4)
        values[2, 0] = math.nan
        assert all(math.isnan(value) for value in task.metrics(values, targets).values())
        assert math.isnan(task.calibrate(values, targets)["threshold"])


def test_log_odds_of_very_low_outputs_are_finite_and_ordered() -> None:
    outputs = torch.tensor([[-900.0, -901.0, -902.0], [-800.0, -800.0, -800.0], [-3.0, -3.0, -3.0]])
    log_odds = make_heads("separate").log_odds(outputs)
    assert log_odds.isfinite().all()
    assert log_odds.tolist() == sorted(log_odds.tolist())
    assert log_odds[1] == pytest.approx(-800 + math.log(3))
