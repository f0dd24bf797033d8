"""Scores on disk, and the curve that is drawn from them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from nasframe import Run, Scores, Split, TensorSplit, TensorTask
from nasframe.pipeline.scores import save_scores
from nasframe.report.scores import area, roc
from nasframe_deepfake.task import DeepfakeTask

examples = st.lists(st.tuples(st.floats(-40, 40), st.integers(0, 1)), min_size=2, max_size=40).filter(
    lambda pairs: len({label for _, label in pairs}) == 2
)


def saved(folder: Path, log_odds: Sequence[float]) -> dict[str, list[float]]:
    scores = Scores(torch.tensor(log_odds, dtype=torch.float64), torch.zeros(len(log_odds)))
    save_scores(Run(folder), scores, [str(index) for index in range(len(log_odds))])
    found: dict[str, list[float]] = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    return found


def example_scores(case: str) -> tuple[list[float], list[int]]:
    random = torch.Generator().manual_seed(0)
    count = 61_000 if case.startswith("61,000") else 200
    labels = (torch.rand(count, generator=random) < 0.3).long()
    ranks = torch.randn(count, generator=random, dtype=torch.float64) + labels
    place = torch.randperm(count, generator=random).double()
    changed = {
        "61,000 examples": ranks,
        "61,000 examples, many ties": (10 * ranks).round() / 10,
        "ties": ranks.round(),
        "all equal": torch.ones_like(ranks),
        "1e-8 apart": 0.3 + 1e-8 * place,
        "1e-13 apart": 1.0 + 1e-13 * place,
        "log odds beyond float32's sigmoid": 30.0 + 1e-3 * place,
    }
    return changed[case].tolist(), labels.tolist()


@pytest.mark.parametrize(
    "case",
    [
        "61,000 examples",
        "61,000 examples, many ties",
        "ties",
        "all equal",
        "1e-8 apart",
        "1e-13 apart",
        "log odds beyond float32's sigmoid",
    ],
)
def test_every_point_of_the_curve_and_its_area_are_those_of_scikit_learn(case: str) -> None:
    ranks, labels = example_scores(case)
    curve = roc(ranks, labels)
    wrong, found, _ = roc_curve(labels, ranks, drop_intermediate=False)
    assert len(curve) == len(wrong)
    assert np.abs(np.array(curve) - np.stack([wrong, found], axis=1)).max() <= 1e-15
    assert area(curve) == pytest.approx(roc_auc_score(labels, ranks), abs=1e-12)


def test_a_page_imports_no_library_of_metrics() -> None:
    libraries = ["torchmetrics", "sklearn", "matplotlib"]
    code = f"import sys, nasframe.report; print([name for name in {libraries} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@given(examples)
def test_the_area_under_the_curve_agrees_with_scikit_learn(pairs: list[tuple[float, int]]) -> None:
    ranks, labels = [rank for rank, _ in pairs], [label for _, label in pairs]
    found = area(roc(ranks, labels))
    assert found == pytest.approx(roc_auc_score(labels, ranks), abs=1e-12)


def test_examples_of_equal_score_are_one_step() -> None:
    assert roc([1.0, 1.0, 0.0], [1, 0, 0]) == [(0, 0), (0.5, 1), (1, 1)]


def test_one_class_alone_has_no_curve() -> None:
    assert roc([1.0, 2.0], [1, 1]) == []
    assert area([]) is None


def test_scores_are_saved_with_nine_digits(tmp_path: Path) -> None:
    assert saved(tmp_path, [1 / 3, -2 / 3])["log_odds"] == [0.333333333, -0.666666667]


def test_scores_that_differ_stay_different_and_ties_stay_ties(tmp_path: Path) -> None:
    close = [1.0, 1.0 + 1e-13, 1.0, -40.0]
    assert saved(tmp_path, close)["log_odds"] == close


def test_scores_that_are_not_finite_are_not_saved_and_old_ones_are_removed(tmp_path: Path) -> None:
    saved(tmp_path, [1.0])
    save_scores(Run(tmp_path), Scores(torch.tensor([float("nan")]), torch.zeros(1)), ["a"])
    assert not (tmp_path / "scores.json").exists()


def test_two_classes_of_tensors_have_scores() -> None:
    task = TensorTask({"x": torch.randn(20, 2)}, torch.arange(20) % 2)
    split = task.data({}).splits.validation
    outputs = torch.tensor([[0.0, 2.0]]).repeat(len(split), 1)
    found = task.scores(outputs, split, {})
    assert found is not None
    assert found.log_odds.tolist() == [2.0] * len(split)
    assert found.labels.tolist() == split.batch(torch.arange(len(split))).targets.tolist()


@pytest.mark.parametrize("heads", ["single", "separate"])
def test_the_curve_of_deepfake_scores_has_the_area_that_evaluate_gives(heads: str, tmp_path: Path) -> None:
    task = DeepfakeTask(heads=heads)  # type: ignore[arg-type]
    random = torch.Generator().manual_seed(0)
    kinds = (torch.rand(200, 3, generator=random) < 0.2).float()
    targets = torch.cat([kinds.amax(1, keepdim=True), kinds], 1)
    # steep enough that probabilities in single precision would all be 1 at the upper end
    outputs = 30 * (torch.randn(200, 3 if heads == "separate" else 1, generator=random) + targets[:, :1])
    outputs[:20] = outputs[20:40]  # ties
    split: Split = TensorSplit({}, targets, [str(index) for index in range(200)])
    told = task.evaluate(outputs, split, {"threshold": 0.25})
    save_scores(Run(tmp_path), task.scores(outputs, split, {"threshold": 0.25}), split.identifiers)
    found = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert area(roc(found["log_odds"], found["labels"])) == pytest.approx(told["auc"], abs=1e-6)
    assert found["threshold"] == 0.25
