from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score

from nasframe_deepfake.metrics import accuracy, auc, best_threshold, none_if_nan

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
