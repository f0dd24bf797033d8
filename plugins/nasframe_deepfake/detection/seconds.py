"""The score of each second of a clip, from those of the windows that cover it."""

from __future__ import annotations

import math

from attrs import frozen
from torch import Tensor

__all__ = ["ScoredSecond", "scored_seconds"]


@frozen
class ScoredSecond:
    """A second of a clip.

    Attributes:
        number: of the second, from 0.
        start, end: the part of it that windows cover, in seconds of the clip.
        log_odds: of fake; not calibrated.
    """

    number: int
    start: float
    end: float
    log_odds: float


def scored_seconds(spans: Tensor, log_odds: Tensor) -> list[ScoredSecond]:
    """Return each second of a clip that a window covers, with the mean log-odds of these windows.

    A window counts by the time that it shares with the second. So a second that lies in one window alone has
    its score, one in which two meet has both in proportion, and one window longer than a second gives all of
    its seconds the same part. Their largest would be an alternative: then one odd window would raise three
    seconds, and a genuine second beside an altered one would look as altered as that.

    Args:
        spans: start and end of the windows in seconds `(windows, 2)`.
        log_odds: of the windows `(windows,)`.

    Example:
        Two windows of 1.6 s; the second from 1 to 2 shares 0.6 s with the first, and all with the other:

        >>> import torch
        >>> spans = torch.tensor([[0.0, 1.6], [0.8, 2.4]], dtype=torch.float64)
        >>> [round(one.log_odds, 3) for one in scored_seconds(spans, torch.tensor([0.0, 1.0]))]
        [0.167, 0.625, 1.0]
    """
    if not len(spans):
        return []
    starts, ends = spans.T
    found = []
    for second in range(math.floor(float(starts.min())), math.ceil(float(ends.max()))):
        shared = (ends.clamp(max=second + 1) - starts.clamp(min=second)).clamp(min=0)
        total = float(shared.sum())
        if total > 1e-9:
            mean = float((log_odds * shared).sum()) / total
            inside = shared > 0
            start = max(float(second), float(starts[inside].min()))
            end = min(second + 1.0, float(ends[inside].max()))
            found.append(ScoredSecond(second, start, end, mean))
    return found
