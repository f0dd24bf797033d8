"""AUC, AP, EER, accuracy, calibration error and the best threshold of logits or probabilities of `fake`."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from nasframe.runtime import is_finite

__all__ = [
    "BINS",
    "accuracy",
    "are_sound",
    "auc",
    "average_precision",
    "best_threshold",
    "calibration_error",
    "equal_error_rate",
    "none_if_nan",
]

BINS = 10
"""Bins of the calibration error."""


def auc(scores: Tensor, targets: Tensor) -> float:
    """Return the area under the ROC curve of scores `(clips,)` for targets `(clips,)`, each 0 or 1.

    It is NaN where one class is absent, where a score is no finite number, or a target neither 0 nor 1.

    Example:
        >>> auc(torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([0, 0, 1, 1]))
        0.75
    """
    # Imported here because it takes a second, and scoring a file does not need it.
    from torchmetrics.functional.classification import binary_auroc

    if not _has_both(scores, targets):
        return math.nan
    return float(binary_auroc(_ranked(scores), targets.long()))


def average_precision(scores: Tensor, targets: Tensor) -> float:
    """Return the average precision of scores `(clips,)` for targets `(clips,)`, each 0 or 1.

    It is Σ (recall − recall before) · precision over the thresholds, without interpolation, and NaN where
    `auc` is. It depends on the share of fakes: scores at random have that share.

    Example:
        >>> round(average_precision(torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([0, 0, 1, 1])), 4)
        0.8333
    """
    from torchmetrics.functional.classification import binary_average_precision

    if not _has_both(scores, targets):
        return math.nan
    return float(binary_average_precision(_ranked(scores), targets.long()))


def equal_error_rate(scores: Tensor, targets: Tensor) -> float:
    """Return the equal error rate of scores `(clips,)` for targets `(clips,)`, each 0 or 1; NaN as `auc`.

    At this rate as large a share of the genuine clips is called fake as of the fakes is missed. Between the
    points of the ROC curve it is interpolated on a straight line; the convex hull would give at most that.

    Example:
        >>> equal_error_rate(torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([0, 0, 1, 1]))
        0.5
    """
    from torchmetrics.functional.classification import binary_roc

    if not _has_both(scores, targets):
        return math.nan
    alarms, found, _ = (values.double() for values in binary_roc(_ranked(scores), targets.long()))
    balance = alarms + found - 1  # alarms minus missed; from -1 to 1 along the curve
    after = int((balance >= 0).nonzero()[0])
    low, high = float(balance[after - 1]), float(balance[after])
    share = -low / (high - low)
    return float(alarms[after - 1] + share * (alarms[after] - alarms[after - 1]))


def accuracy(scores: Tensor, targets: Tensor, threshold: float) -> float:
    """Return the share of correct decisions, fake from `threshold` up.

    It is NaN without clips, where a score or the threshold is no finite number, or a target neither 0 nor 1.
    """
    from torchmetrics.functional.classification import binary_accuracy

    if targets.numel() == 0 or not math.isfinite(threshold) or not are_sound(scores, targets):
        return math.nan
    # in float64, as `predict` compares: float32 would round the threshold, maybe past a score
    return float(binary_accuracy((scores.double() >= threshold).long(), targets.long()))


def best_threshold(scores: Tensor, targets: Tensor) -> float:
    """Return the threshold, half way between two scores, of the best mean accuracy of both classes (Youden).

    Among equal ones it is the one nearest to 0.5. It is 0.5 where one class is absent, and NaN where a
    score is no finite number, or a target neither 0 nor 1: such a threshold would decide at random.
    """
    # By hand: the curves of torchmetrics have their thresholds at the scores, not between them.
    values, labels = scores.double(), targets.bool()
    if not are_sound(values, targets):
        return math.nan
    if labels.all() or not labels.any():
        return 0.5
    levels = torch.unique(values)
    candidates = _between(levels)
    fakes, genuine = values[labels].sort()[0], values[~labels].sort()[0]
    missed = torch.searchsorted(fakes, candidates).double() / len(fakes)
    passed = torch.searchsorted(genuine, candidates).double() / len(genuine)
    quality = passed - missed
    best = candidates[quality >= quality.max() - 1e-12]
    return float(best[(best - 0.5).abs().argmin()])


def calibration_error(chances: Tensor, targets: Tensor) -> float:
    """Return the expected calibration error of probabilities `(clips,)`, in bins of equal width.

    It is the mean over clips of |share of fakes − mean probability| of their bin (Naeini et al., 2015). It is
    NaN without clips, where a probability is no finite number, or a target neither 0 nor 1.

    Example:
        >>> round(calibration_error(torch.tensor([0.1, 0.1, 0.9, 0.9]), torch.tensor([0, 0, 1, 1])), 6)
        0.1
    """
    from torchmetrics.functional.classification import binary_calibration_error

    if targets.numel() == 0 or not are_sound(chances, targets):
        return math.nan
    # torchmetrics measures the confidence in the class that is the likelier one
    labels = targets.long()
    return float(binary_calibration_error(chances.double(), labels, n_bins=BINS, norm="l1"))


def _between(levels: Tensor) -> Tensor:
    """Return a threshold that no level is below, one between each two, and one above all.

    Args:
        levels: `(n,)`, float64, sorted, each another.

    Returns:
        `(n + 1,)`; half way where there is such a number, or the upper of two levels, which is not below it.
    """
    lower, upper = levels[:-1], levels[1:]
    middle = lower / 2 + upper / 2  # the sum of two large ones may be infinite
    middle = torch.where((middle > lower) & (middle <= upper), middle, upper)
    below = torch.where(levels[:1] > 0, levels[:1] / 2, levels[:1])
    last = levels[-1:]
    above = torch.maximum((last + 1) / 2, last.nextafter(torch.full_like(last, math.inf)))
    return torch.cat([below, middle, above])


def are_sound(scores: Tensor, targets: Tensor) -> bool:
    """Return True where all scores are finite, and all targets 0 or 1."""
    return is_finite(scores) and bool(((targets == 0) | (targets == 1)).all())


def _has_both(scores: Tensor, targets: Tensor) -> bool:
    """Return True where there are clips of both classes, and all numbers are sound."""
    return targets.numel() > 0 and are_sound(scores, targets) and bool(targets.min() != targets.max())


def _ranked(scores: Tensor) -> Tensor:
    """Return scores in the same order within [0, 1], `(clips,)`.

    torchmetrics puts values outside [0, 1] through a float32 sigmoid, which makes large logits equal. Ranks
    have the same curves and stay different.
    """
    ranks: Tensor = torch.unique(scores.double(), return_inverse=True)[1].double()
    return ranks / max(1.0, float(ranks.max()))


def none_if_nan(value: float) -> float | None:
    """Return None instead of NaN, which JSON does not have."""
    return None if math.isnan(value) else value
