"""The score of a clip from those of its windows: long clips raise no more false alarms than short ones.

A fake may fill a part of a clip, so the score is that of the most suspicious stretch. The longer a genuine
clip, the higher its most suspicious stretch: what that adds is simulated from the genuine clips of the
validation split and taken off.

That split has one window of each clip, so it does not tell how much the windows of a clip resemble each other
(one person, one camera, one room). Two cases are simulated, nothing in common and half of the variance, and
the larger addition is taken. Where the part in common is larger still, the highest of many windows is hardly
above one of them, and less is added.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from attrs import frozen
from torch import Tensor

__all__ = ["STRETCH", "Stretch", "fit_shifts", "shift_of", "stretch_means", "worst_stretch"]

STRETCH = 5
"""Windows in a stretch: 4.8 s of windows of 1.6 s that begin every 0.8 s. One odd window decides nothing."""

LENGTHS = {
    2000: (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256),
    500: (384, 512, 768, 1024, 1536, 2048, 3072, 4096),
}
"""Numbers of windows for which the shift is measured, up to those of an hour, by that of simulated clips: the
longer a clip, the less its most suspicious stretch varies, and the more it costs."""

SHARED = (0.0, 0.5)
"""The parts of the variance that the windows of a clip have in common, one for each simulation."""


@frozen
class Stretch:
    """The windows that decide for a clip.

    Attributes:
        windows: their places.
        shift: what is taken off their mean, for the length of the clip.
    """

    windows: slice
    shift: float

    def log_odds(self, values: Tensor) -> float:
        """Return the log-odds of the clip before tempering.

        Args:
            values: log-odds of all windows of the clip in order of time `(n,)`.
        """
        return float(values.double()[self.windows].mean()) - self.shift


def stretch_means(windows: Tensor) -> Tensor:
    """Return the mean of every stretch `(..., n − STRETCH + 1)`, or of all windows where they are fewer.

    Args:
        windows: log-odds in order of time `(..., n)`.
    """
    width = min(STRETCH, windows.shape[-1])
    count = windows.shape[-1] - width + 1
    total = windows[..., :count]
    for first in range(1, width):
        total = total + windows[..., first : first + count]
    return total / width


def worst_stretch(windows: Tensor) -> slice:
    """Return the place of the stretch with the largest mean, the first of equal ones.

    Args:
        windows: log-odds in order of time `(n,)`.
    """
    first = int(stretch_means(windows).argmax())
    return slice(first, first + min(STRETCH, len(windows)))


def shift_of(windows: int, shifts: Mapping[int, float]) -> float:
    """Return what is taken off the log-odds of a clip of so many windows.

    Between two lengths that were measured it is linear in the logarithm of their number; beyond the last one
    it stays the same, as two neighbours would tell little of what follows. Without any it is 0.
    """
    known = sorted({1: 0.0, **shifts}.items())
    after = next((place for place, (length, _) in enumerate(known) if length >= windows), None)
    if after is None:
        return known[-1][1]
    if after == 0:
        return 0.0
    (low, before), (high, beyond) = known[after - 1], known[after]
    return before + (beyond - before) * math.log(windows / low) / math.log(high / low)


def fit_shifts(genuine: Tensor, threshold: float) -> dict[int, float]:
    """Return the shift for each of LENGTHS, so that as many genuine clips reach the threshold at any length.

    The share of single windows that reach it is taken from `genuine`, and the shift is the larger one of two
    simulations; see `SHARED`. It holds for this threshold alone. No shift is below that of a shorter clip,
    or 0.

    Args:
        genuine: log-odds of single windows of genuine clips `(clips,)`.
        threshold: the log-odds from which on a clip is called fake.
    """
    if not len(genuine):
        return {}
    values = genuine.double().cpu()
    alarms = float((values >= threshold).double().mean())
    simulations = [_most_suspicious(values, shared) for shared in SHARED]
    shifts: dict[int, float] = {}
    last = 0.0
    for length in simulations[0]:
        reached = max(float(torch.quantile(found[length], 1 - alarms)) for found in simulations)
        last = max(last, reached - threshold)
        shifts[length] = last
    return shifts


def _most_suspicious(values: Tensor, shared: float) -> dict[int, Tensor]:
    """Return the log-odds of the most suspicious stretch `(clips,)` of simulated clips, for each of LENGTHS.

    Args:
        values: log-odds of single windows `(n,)`.
        shared: part of the variance that the windows of a clip have in common.
    """
    random = torch.Generator().manual_seed(0)
    found = {}
    for clips, lengths in LENGTHS.items():
        windows = _simulated(values.sort()[0], clips, lengths[-1], shared, random)
        so_far = stretch_means(windows).cummax(1)[0]
        for length in lengths:
            short = length < STRETCH
            found[length] = windows[:, :length].mean(1) if short else so_far[:, length - STRETCH]
    return found


def _simulated(values: Tensor, clips: int, length: int, shared: float, random: torch.Generator) -> Tensor:
    """Return the log-odds of the windows of simulated clips `(clips, length)`, for an even length.

    Every second window is one of `values`, which are sorted: its place among them is drawn by a normal number
    that has a part in common with the others of its clip (a Gaussian copula), so that single windows are
    distributed as `values` are. The window between two is their mean, as neighbours overlap by half.
    """
    common, own = (
        torch.randn(clips, number, generator=random, dtype=torch.float64) for number in (1, length // 2 + 1)
    )
    ranks = torch.special.ndtr(math.sqrt(shared) * common + math.sqrt(1 - shared) * own)
    drawn = values[(ranks * len(values)).long().clamp(max=len(values) - 1)]
    between = (drawn[:, 1:] + drawn[:, :-1]) / 2
    return torch.stack([drawn[:, :-1], between], 2).flatten(1)
