"""AUC, accuracy and the threshold, of logits or probabilities of `fake`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["accuracy", "auc", "best_threshold", "none_if_nan", "per_category"]


def auc(scores: Tensor, targets: Tensor) -> float:
    """Area under the ROC curve of scores `(clips,)` for targets 0 and 1; NaN where one class is absent."""
    # Imported where it is used: it takes a second, and scoring a file needs none of it.
    from torchmetrics.functional.classification import binary_auroc

    labels = targets.long()
    if labels.numel() == 0 or labels.min() == labels.max():
        return math.nan
    # torchmetrics squashes what lies outside [0, 1] by a float32 sigmoid, which merges large logits; ranks do
    # not change the area and stay apart.
    ranks = torch.unique(scores.double(), return_inverse=True)[1].double()
    return float(binary_auroc(ranks / max(1.0, float(ranks.max())), labels))


def accuracy(scores: Tensor, targets: Tensor, threshold: float) -> float:
    """Share of clips on the right side: fake where the score is at least `threshold`; NaN without clips."""
    from torchmetrics.functional.classification import binary_accuracy

    if targets.numel() == 0:
        return math.nan
    return float(binary_accuracy((scores >= threshold).long(), targets.long()))


def best_threshold(scores: Tensor, targets: Tensor) -> float:
    """The threshold with the best mean of both classes' accuracies, half way between two scores (Youden).

    Among equals the one nearest to 0.5; 0.5 where one class is absent.
    """
    values, labels = scores.double(), targets.bool()
    if labels.all() or not labels.any():
        return 0.5
    levels = torch.unique(values)
    candidates = torch.cat([levels[:1] / 2, (levels[1:] + levels[:-1]) / 2, (levels[-1:] + 1) / 2])
    found = (values[labels] >= candidates[:, None]).double().mean(1)
    passed = (values[~labels] < candidates[:, None]).double().mean(1)
    quality = found + passed
    best = candidates[quality >= quality.max() - 1e-12]
    return float(best[(best - 0.5).abs().argmin()])


def per_category(
    scores: Tensor, targets: Tensor, categories: Sequence[str], genuine: str
) -> dict[str, dict[str, float | None]]:
    """Category of fakes → `auc` against all genuine clips (None where undefined) and `count` of its clips.

    Args:
        scores, targets: `(clips,)`.
        categories: of the clips.
        genuine: the category that is no fake.
    """
    found: dict[str, dict[str, float | None]] = {}
    for category in sorted(set(categories) - {genuine}):
        chosen = torch.tensor([name in (category, genuine) for name in categories], device=scores.device)
        count = sum(name == category for name in categories)
        found[category] = {"auc": none_if_nan(auc(scores[chosen], targets[chosen])), "count": count}
    return found


def none_if_nan(value: float) -> float | None:
    """None instead of NaN, which JSON has not."""
    return None if math.isnan(value) else value
