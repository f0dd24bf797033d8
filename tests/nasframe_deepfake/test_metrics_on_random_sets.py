"""The metrics of the deepfake task on random sets with ties, one class and NaN, beside scikit-learn's."""

from __future__ import annotations

import math

import numpy
import pytest
import torch
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score
from torch import Tensor

from nasframe.errors import NasframeError
from nasframe_deepfake.detection import ScoredClips
from nasframe_deepfake.metrics import accuracy, auc, best_threshold

SEEDS = range(30)


def drawn(seed: int) -> tuple[Tensor, Tensor]:
    """Scores and targets of 2 to 400 clips: spread or tied, huge or tiny, balanced or not; both classes."""
    random = numpy.random.default_rng(seed)
    count = int(random.integers(2, 400))
    targets = random.random(count) < random.choice([0.02, 0.5, 0.97])
    targets[:2] = [True, False]
    scores = random.normal(size=count) + targets * random.choice([0.0, 1.0, -1.0])
    kind = seed % 6
    if kind == 1:
        scores = numpy.round(scores)  # many ties
    elif kind == 2:
        scores = numpy.full(count, 0.25)  # nothing but ties
    elif kind == 3:
        scores *= 1e30  # what a float32 sigmoid makes equal
    elif kind == 4:
        scores = 1 / (1 + numpy.exp(-scores)) * 1e-12
    elif kind == 5:
        scores = numpy.where(random.random(count) < 0.3, 5.0, scores)
    return torch.tensor(scores), torch.tensor(targets)


def test_the_sets_are_of_many_kinds() -> None:
    sets = [drawn(seed) for seed in SEEDS]
    assert sum(len(scores.unique()) == 1 for scores, _ in sets) >= 5
    assert sum(len(scores.unique()) < len(scores) / 2 for scores, _ in sets) >= 10
    assert sum(bool(targets.double().mean() < 0.1) for _, targets in sets) >= 3


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("seed", SEEDS)
def test_auc_and_accuracy_are_those_of_scikit_learn(seed: int, dtype: torch.dtype) -> None:
    scores, targets = drawn(seed)
    scores = scores.to(dtype)
    assert auc(scores, targets.to(dtype)) == pytest.approx(roc_auc_score(targets, scores), abs=2e-6)
    threshold = float(scores.median())
    expected = accuracy_score(targets, scores >= threshold)
    assert accuracy(scores, targets, threshold) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_other_threshold_has_a_better_balanced_accuracy(seed: int) -> None:
    scores, targets = drawn(seed)
    scores = scores.argsort().argsort() / len(scores) if seed % 6 in (3, 4) else scores.sigmoid()
    found = balanced_accuracy_score(targets, scores >= best_threshold(scores, targets))
    levels = scores.unique()
    tried = [0.0, 1.0, *((levels[1:] + levels[:-1]) / 2).tolist()]
    assert found >= max(balanced_accuracy_score(targets, scores >= level) for level in tried) - 1e-9


@pytest.mark.parametrize("seed", range(0, 30, 6))
def test_each_category_is_scored_against_all_genuine_clips(seed: int) -> None:
    scores, targets = drawn(seed)
    names = numpy.where(targets, numpy.where(numpy.arange(len(targets)) % 3 == 0, "B", "C"), "real")
    clips = ScoredClips(scores, scores.sigmoid(), targets.long(), 0.5, categories=names.tolist())
    found = clips.metrics()["per_category"]
    assert set(found) == set(names[targets.numpy()])
    for category, row in found.items():
        chosen = (names == category) | (names == "real")
        assert row["count"] == int((names == category).sum())
        expected = roc_auc_score(targets.numpy()[chosen], scores.numpy()[chosen])
        assert row["auc"] == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("count", [1, 2, 50])
def test_the_auc_of_one_class_is_undefined_as_for_scikit_learn(label: int, count: int) -> None:
    scores, targets = torch.rand(count), torch.full((count,), label)
    assert math.isnan(auc(scores, targets))
    assert best_threshold(scores, targets) == 0.5


def test_no_clips_have_no_metrics() -> None:
    none = torch.zeros(0)
    assert math.isnan(auc(none, none))
    assert math.isnan(accuracy(none, none, 0.5))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", ["one", "all"])
def test_the_auc_of_scores_that_are_not_finite_is_no_number(bad: float, place: str) -> None:
    """scikit-learn refuses them."""
    scores, targets = torch.rand(20), torch.arange(20) % 2
    scores[slice(None) if place == "all" else slice(3, 4)] = bad
    with pytest.raises(ValueError, match="contains (NaN|infinity)"):
        roc_auc_score(targets, scores)
    try:
        found = auc(scores, targets)
    except (NasframeError, ValueError):
        return
    assert math.isnan(found)
