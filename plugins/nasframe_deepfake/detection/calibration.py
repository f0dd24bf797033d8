"""The calibration of a detector on the validation split: temperature, threshold, and shifts of long clips."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from attrs import field, frozen
from torch import Tensor
from torch.nn import functional as F

from nasframe_deepfake.detection.clip_rule import fit_shifts, shift_of, worst_stretch
from nasframe_deepfake.metrics import best_threshold

__all__ = ["Calibration", "fit_calibration", "fit_temperature"]

THRESHOLD_RULE = "best mean of both classes' accuracies on the validation split"

_SHIFT = "shift_"

_COLDEST, _HOTTEST = 0.05, 20.0


@frozen
class Calibration:
    """From log-odds to a probability and a decision.

    Attributes:
        threshold: the probability from which on a clip is called fake.
        temperature: by which log-odds are divided (Guo et al., 2017, On Calibration of Modern Neural
            Networks).
        shifts: number of windows → what is taken off the log-odds of a clip; see `fit_shifts`.
    """

    threshold: float = 0.5
    temperature: float = 1.0
    shifts: Mapping[int, float] = field(factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, float]) -> Calibration:
        """Return the calibration that `fit_calibration` gave; what is missing does nothing."""
        shifts = {
            int(name.removeprefix(_SHIFT)): value for name, value in values.items() if name.startswith(_SHIFT)
        }
        return cls(values.get("threshold", 0.5), values.get("temperature", 1.0), shifts)

    def probability(self, log_odds: Tensor) -> Tensor:
        """Return the calibrated probability of fake, of the shape of the log-odds, in double precision."""
        return torch.sigmoid(self.tempered(log_odds))

    def clip_log_odds(self, windows: Tensor) -> float:
        """Return the log-odds of a clip before tempering, of those of its windows `(n,)` in order of time."""
        worst = float(windows.double()[worst_stretch(windows)].mean())
        return worst - shift_of(len(windows), self.shifts)

    def tempered(self, log_odds: Tensor) -> Tensor:
        """Return the log-odds of the calibrated probability, in double precision."""
        return log_odds.double() / self.temperature


def fit_calibration(log_odds: Tensor, fake: Tensor) -> dict[str, float]:
    """Return the calibration for log-odds `(clips,)` of clips that are fake (1) or genuine (0) `(clips,)`.

    The threshold has the best mean of both classes' accuracies. A log-odds that is no finite number gives a
    threshold that is none.
    """
    temperature = fit_temperature(log_odds, fake)
    threshold = best_threshold(torch.sigmoid(log_odds.double() / temperature), fake)
    found = {"threshold": threshold, "temperature": temperature}
    if 0 < threshold < 1:
        limit = temperature * math.log(threshold / (1 - threshold))
        shifts = fit_shifts(log_odds[fake == 0], limit)
        found |= {f"{_SHIFT}{length}": shift for length, shift in shifts.items()}
    return found


def fit_temperature(log_odds: Tensor, fake: Tensor) -> float:
    """Return the temperature T with the smallest cross-entropy of σ(log-odds / T), from 0.05 to 20.

    It is 1 where one class is absent or a number is not finite. The cross-entropy is convex in 1/T, so a
    golden-section search finds it.
    """
    values, labels = log_odds.double(), fake.double()
    if labels.numel() == 0 or labels.min() == labels.max() or not bool(torch.isfinite(values).all()):
        return 1.0

    def cross_entropy(inverse: float) -> float:
        return float(F.binary_cross_entropy_with_logits(values * inverse, labels))

    low, high = 1 / _HOTTEST, 1 / _COLDEST
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(80):
        first, second = high - golden * (high - low), low + golden * (high - low)
        if cross_entropy(first) <= cross_entropy(second):
            high = second
        else:
            low = first
    return 2 / (low + high)
