"""The quality of raw outputs: F1 of several labels, average precision, area under the ROC, R²."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["area_under_roc", "average_precision", "f1_scores", "r_squared"]


def f1_scores(found: Tensor, targets: Tensor) -> dict[str, float]:
    """Return F1 = 2 TP / (2 TP + FP + FN): `f1_weighted`, `f1_macro` and `f1_micro`.

    A label that is neither among the targets nor decided has no F1, and no part in the macro mean. The
    weighted mean weighs each label by its number of examples. A mean of nothing is NaN.

    Args:
        found: decisions, `(examples, labels)`, bool.
        targets: the true ones, alike.

    Example:
        >>> truth = torch.tensor([[True, False], [True, True]])
        >>> f1_scores(torch.tensor([[True, True], [True, False]]), truth)
        {'f1_weighted': 0.6666666666666666, 'f1_macro': 0.5, 'f1_micro': 0.6666666666666666}
    """
    hits = (found & targets).sum(0).double()
    support = targets.sum(0).double()
    both = found.sum(0).double() + support
    each = 2 * hits / both.clamp(min=1)
    return {
        "f1_weighted": _ratio((each * support).sum(), support.sum()),
        "f1_macro": _ratio(each[both > 0].sum(), (both > 0).sum()),
        "f1_micro": _ratio(2 * hits.sum(), both.sum()),
    }


def average_precision(scores: Tensor, targets: Tensor) -> float:
    """Return the mean over the labels with an example of their average precision; NaN where there is none.

    The average precision of a label is Σ (Rₖ − Rₖ₋₁) Pₖ over its thresholds; equal scores are one threshold.

    Args:
        scores: `(examples, labels)`; larger is more likely.
        targets: `(examples, labels)`, bool.

    Example:
        >>> average_precision(torch.tensor([[3.0], [2.0], [1.0]]), torch.tensor([[True], [False], [True]]))
        0.8333333333333333
    """
    found = [
        _precision(scores[:, label].double(), targets[:, label])
        for label in range(targets.shape[1])
        if bool(targets[:, label].any())
    ]
    return sum(found) / len(found) if found else math.nan


def area_under_roc(scores: Tensor, positive: Tensor) -> float:
    """Return the share of pairs, one of each class, that the scores rank rightly; equal ones count half.

    Args:
        scores: `(examples,)`; larger is more likely positive.
        positive: `(examples,)`, bool.

    Returns:
        NaN where one class has no example.

    Example:
        >>> area_under_roc(torch.tensor([0.1, 0.4, 0.4]), torch.tensor([False, False, True]))
        0.75
    """
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return math.nan
    _, group, counts = torch.unique(scores.double(), return_inverse=True, return_counts=True)
    rank = counts.cumsum(0) - (counts - 1) / 2  # the mean rank of equal scores, from 1
    total = float(rank[group][positive].double().sum())
    return (total - positives * (positives + 1) / 2) / (positives * negatives)


def r_squared(found: Tensor, targets: Tensor) -> float:
    """Return 1 − Σ (found − target)² / Σ (target − mean)²; NaN where all targets are one number.

    Example:
        >>> r_squared(torch.tensor([1.0, 2.0, 2.0]), torch.tensor([1.0, 2.0, 3.0]))
        0.5
    """
    truth = targets.double()
    spread = float(((truth - truth.mean()) ** 2).sum())
    if len(truth) < 2 or spread == 0:
        return math.nan
    return 1 - float(((found.double() - truth) ** 2).sum()) / spread


def _ratio(part: Tensor, whole: Tensor) -> float:
    return float(part) / float(whole) if float(whole) > 0 else math.nan


def _precision(scores: Tensor, positive: Tensor) -> float:
    order = scores.argsort(descending=True, stable=True)
    ranked, hits = scores[order], positive[order].double().cumsum(0)
    last = torch.ones(len(ranked), dtype=torch.bool, device=ranked.device)  # of equal scores
    last[:-1] = ranked[1:] != ranked[:-1]
    counted = torch.arange(1, len(ranked) + 1, device=ranked.device)[last].double()
    recall = hits[last] / hits[-1]
    gained = recall - torch.cat([recall.new_zeros(1), recall[:-1]])
    return float((gained * hits[last] / counted).sum())
