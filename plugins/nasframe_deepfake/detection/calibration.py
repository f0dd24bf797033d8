"""The calibration of a detector on the validation split: temperature, threshold, and shifts of long clips."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from attrs import field, frozen
from torch import Tensor
from torch.nn import functional as F

from nasframe.errors import RunError
from nasframe_deepfake.detection.clip_rule import Stretch, fit_shifts, shift_of, worst_stretch
from nasframe_deepfake.metrics import best_threshold

__all__ = ["Calibration", "fit_calibration", "fit_temperature"]

_SHIFT = "shift_"

_LARGEST_SHIFT = 1e6
"""Of a log-odds; one beyond it would make every long clip genuine."""

_COLDEST, _HOTTEST = 1e-3, 1e3
"""Temperatures between which one is searched. None comes near them, unless the log-odds rank the clips the
wrong way round, or are 0 nearly everywhere."""


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
        """Return the calibration that `fit_calibration` gave; what is missing does nothing.

        Raises:
            RunError: a threshold that no probability can have, a temperature that none is fitted with, or a
                shift of no number of windows, below 0, or far beyond any log-odds.
        """
        threshold = values.get("threshold", 0.5)
        if math.isfinite(threshold) and not 0 <= threshold <= 1:  # without one, files are not decided
            raise _refused("threshold", f"a number from 0 to 1, found {threshold}")
        temperature = values.get("temperature", 1.0)
        if not _COLDEST <= temperature <= _HOTTEST:
            raise _refused("temperature", f"a number from {_COLDEST:g} to {_HOTTEST:g}, found {temperature}")
        shifts = {}
        for name, value in values.items():
            if name.startswith(_SHIFT):
                length = name.removeprefix(_SHIFT)
                if not (length.isascii() and length.isdigit() and int(length) > 1):
                    raise _refused(name, f"a number of windows from 2 up behind {_SHIFT!r}")
                if not 0 <= value <= _LARGEST_SHIFT:
                    raise _refused(name, f"a number from 0 to {_LARGEST_SHIFT:g}, found {value}")
                shifts[int(length)] = value
        return cls(threshold, temperature, shifts)

    def probability(self, log_odds: Tensor) -> Tensor:
        """Return the calibrated probability of fake, of the shape of the log-odds, in double precision."""
        return torch.sigmoid(self.tempered(log_odds))

    def stretch(self, windows: Tensor) -> Stretch:
        """Return what decides for a clip, of the log-odds of its windows `(n,)` in order of time."""
        return Stretch(worst_stretch(windows), shift_of(len(windows), self.shifts))

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
    """Return the temperature T with the smallest cross-entropy of σ(log-odds / T).

    Its targets are not 1 and 0 but (n₊ + 1) / (n₊ + 2) and 1 / (n₋ + 2) for n₊ fakes and n₋ genuine clips
    (Platt, 1999, Probabilistic Outputs for Support Vector Machines): so n clips that are all on the right
    side give no more certainty than n clips can.

    It is 1 where one class is absent or a number is not finite. The cross-entropy is convex in 1/T, so it has
    one minimum, which a golden-section search over log T finds.
    """
    values, labels = log_odds.double(), fake.bool()
    if labels.numel() == 0 or bool(labels.all() == labels.any()) or not bool(torch.isfinite(values).all()):
        return 1.0
    fakes, genuine = int(labels.sum()), int((~labels).sum())
    targets = torch.where(labels, (fakes + 1) / (fakes + 2), 1 / (genuine + 2)).to(values)

    def cross_entropy(log_temperature: float) -> float:
        return float(F.binary_cross_entropy_with_logits(values / math.exp(log_temperature), targets))

    low, high = math.log(_COLDEST), math.log(_HOTTEST)
    golden = (math.sqrt(5) - 1) / 2
    for _ in range(80):
        first, second = high - golden * (high - low), low + golden * (high - low)
        if cross_entropy(first) <= cross_entropy(second):
            high = second
        else:
            low = first
    return math.exp((low + high) / 2)


def _refused(key: str, expected: str) -> RunError:
    again = "train again with `nasframe train RUN --overwrite`"
    return RunError(f"the calibration of the run: {key}: expected {expected}; {again}")
