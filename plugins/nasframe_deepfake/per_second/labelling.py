"""The seconds of a clip: which of them are altered, which have a score, and why the others have none."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import frozen
from torch import Tensor

from nasframe_audiovisual import LeftOut
from nasframe_deepfake.datasets import Segments
from nasframe_deepfake.detection import scored_seconds

__all__ = ["TRIMMED", "LabelledSecond", "labelled_seconds"]

TRIMMED = "no-window"
"""The reason of a second that no window covers, though nothing of it was left out: before the trim, or behind
the last window."""

_LAST = 86_400.0
"""A day: what a list says to be altered behind it is not counted in seconds."""

_SHORTEST = 1e-6
"""Seconds of an altered part that count: a part that ends where a second begins does not reach into it."""


@frozen
class LabelledSecond:
    """A second of a clip.

    Attributes:
        number: from 0.
        altered: whether a part of it was altered, in either stream, however short.
        log_odds: of fake; None where it has no score.
        reason: why it has none, one of `REASONS` or `TRIMMED`; empty where it has one.
    """

    number: int
    altered: bool
    log_odds: float | None
    reason: str


def labelled_seconds(
    spans: Tensor, log_odds: Tensor, left_out: Sequence[LeftOut], altered: Segments
) -> list[LabelledSecond]:
    """Return every second of a clip, up to the last that was seen or that is altered.

    For its score see `scored_seconds`.

    Args:
        spans: start and end of the windows in seconds `(windows, 2)`.
        log_odds: of the windows `(windows,)`.
        left_out: the parts of the clip without a window.
        altered: the parts that were altered, in either stream.
    """
    scores = {second.number: second.log_odds for second in scored_seconds(spans, log_odds)}
    seen = [*spans[:, 1].tolist(), *(part.end for part in left_out)]
    ends = [*seen, *(min(end, _LAST) for _, end in altered)]
    count = max((math.ceil(end - _SHORTEST) for end in ends), default=0)
    return [
        LabelledSecond(
            number,
            any(min(end, number + 1) - max(start, number) > _SHORTEST for start, end in altered),
            scores.get(number),
            "" if number in scores else _reason(number, left_out),
        )
        for number in range(count)
    ]


def _reason(number: int, left_out: Sequence[LeftOut]) -> str:
    """Return the reason of the part that covers most of a second."""
    shared = {
        part: min(part.end, number + 1.0) - max(part.start, float(number))
        for part in left_out
        if part.start < number + 1 and part.end > number
    }
    return max(shared, key=lambda part: shared[part]).reason if shared else TRIMMED
