"""The score of a clip from those of its windows: long clips raise no more false alarms than short ones.

A fake may fill a part of a clip, so the score is that of the most suspicious stretch. The longer a genuine
clip, the higher its most suspicious stretch: what that adds is measured on the genuine clips of the
validation split and taken off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["fit_shifts", "shift_of", "stretch_means", "worst_stretch"]

STRETCH = 5
"""Windows in a stretch: 4.8 s of windows of 1.6 s that begin every 0.8 s. One odd window decides nothing."""

LENGTHS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""Numbers of windows for which the shift is measured."""

_SIMULATED = 4000
"""Clips that are simulated for each length."""


def stretch_means(windows: Tensor) -> Tensor:
    """Return the mean of every stretch `(..., n − STRETCH + 1)`, or of all windows where they are fewer.

    Args:
        windows: log-odds in order of time `(..., n)`.
    """
    return windows.unfold(-1, min(STRETCH, windows.shape[-1]), 1).mean(-1)


def worst_stretch(windows: Tensor) -> slice:
    """Return the place of the stretch with the largest mean, the first of equal ones.

    Args:
        windows: log-odds in order of time `(n,)`.
    """
    first = int(stretch_means(windows).argmax())
    return slice(first, first + min(STRETCH, len(windows)))


def shift_of(windows: int, shifts: Mapping[int, float]) -> float:
    """Return what is taken off the log-odds of a clip of so many windows.

    Between two lengths that were measured it is linear in the logarithm of their number, and so beyond the
    last one. Without any it is 0.
    """
    known = sorted({1: 0.0, **shifts}.items())
    if len(known) == 1 or windows <= 1:
        return 0.0
    after = next((place for place, (length, _) in enumerate(known) if length >= windows), len(known) - 1)
    (low, before), (high, beyond) = known[after - 1], known[after]
    return before + (beyond - before) * math.log(windows / low) / math.log(high / low)


def fit_shifts(genuine: Tensor, threshold: float) -> dict[int, float]:
    """Return the shift for each of LENGTHS, so that as many genuine clips reach the threshold at any length.

    Clips are simulated: every second window is drawn from `genuine`, with replacement, and the one between
    two is their mean, as neighbours overlap by half. No shift is below that of a shorter clip, or 0.

    Args:
        genuine: log-odds of single windows of genuine clips `(clips,)`.
        threshold: the log-odds from which on a clip is called fake.
    """
    if not len(genuine):
        return {}
    values = genuine.double().cpu()
    alarms = float((values >= threshold).double().mean())
    random = torch.Generator().manual_seed(0)
    shifts: dict[int, float] = {}
    last = 0.0
    for length in LENGTHS:
        drawn = values[torch.randint(len(values), (_SIMULATED, length // 2 + 1), generator=random)]
        between = (drawn[:, 1:] + drawn[:, :-1]) / 2
        pairs = torch.stack([drawn[:, :-1], between], 2).flatten(1)
        windows = torch.cat([pairs, drawn[:, -1:]], 1)[:, :length]
        largest = stretch_means(windows).amax(1)
        last = max(last, float(torch.quantile(largest, 1 - alarms)) - threshold)
        shifts[length] = last
    return shifts
