from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from nasframe_deepfake.detection import ScoredClips, make_heads
from nasframe_deepfake.metrics import (
    accuracy,
    auc,
    average_precision,
    best_threshold,
    equal_error_rate,
    none_if_nan,
)
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
    # one by one: torch computes the last of a list otherwise, and equal scores would differ in their last bit
    scores = torch.tensor([1 / (1 + math.exp(-score / 10)) for score, _ in clips], dtype=torch.float64)
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
    assert math.isnan(average_precision(scores, targets))
    assert math.isnan(equal_error_rate(scores, targets))
    kinds = ["real", "real", "FV-RA", "FV-RA"]
    found = ScoredClips(scores, scores, targets, 0.5, categories=kinds).metrics()["per_category"]["FV-RA"]
    assert found.pop("count") == 2
    assert set(found.values()) == {None}


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


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("low", [0.5, 0.1, 1e-30, 0.0, -7.0])
def test_a_threshold_between_two_neighbours_tells_them_apart(low: float, dtype: torch.dtype) -> None:
    below = torch.tensor(low, dtype=dtype)
    scores = torch.stack([below, torch.nextafter(below, torch.ones_like(below))])
    targets = torch.tensor([0, 1])
    assert accuracy(scores, targets, best_threshold(scores, targets)) == 1.0


@pytest.mark.parametrize("size", [1.0, 10.0, 1e30, 1e300])
@pytest.mark.parametrize("seed", range(20))
def test_no_threshold_is_better_for_scores_of_any_size(size: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(-8, 9, int(random.integers(2, 7))) * size
    targets = random.random(len(values)) < 0.5
    targets[:2] = [True, False]
    threshold = best_threshold(torch.tensor(values), torch.tensor(targets))
    tried = [-1.7e308, *np.nextafter(values, np.inf), *values, *np.nextafter(values, -np.inf), 1.7e308]
    best = max(balanced_accuracy_score(targets, values >= t) for t in tried)
    assert balanced_accuracy_score(targets, values >= threshold) == pytest.approx(best)


def test_a_threshold_below_all_scores_is_one_though_they_are_negative() -> None:
    assert best_threshold(torch.tensor([-8.0, -6.0, 20.0]), torch.tensor([1, 0, 0])) == -8


def test_the_threshold_of_a_hundred_thousand_clips_is_found_in_a_few_megabytes() -> None:
    random = torch.Generator().manual_seed(0)
    scores, targets = torch.rand(100_000, generator=random), torch.arange(100_000) % 2
    tracked = _largest_tensor(lambda: best_threshold(scores, targets))
    assert tracked <= 2 * len(scores)


@pytest.mark.parametrize("targets", [[0.0, 0.5, 1.0], [-1.0, 1.0, 1.0], [0.0, 1.0, 2.0]])
def test_a_metric_of_targets_that_are_neither_0_nor_1_is_undefined(targets: list[float]) -> None:
    scores, given = torch.tensor([0.1, 0.4, 0.8]), torch.tensor(targets)
    assert math.isnan(auc(scores, given))
    assert math.isnan(accuracy(scores, given, 0.5))
    assert math.isnan(best_threshold(scores, given))


def _largest_tensor(work: Callable[[], object]) -> int:
    """Return the number of elements of the largest tensor that some work makes."""

    class Watch(TorchDispatchMode):
        largest = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            found = func(*args, **(kwargs or {}))
            sizes = [item.numel() for item in tree_leaves(found) if isinstance(item, torch.Tensor)]
            self.largest = max(self.largest, *sizes, 0)
            return found

    with Watch() as watch:
        work()
    return watch.largest
