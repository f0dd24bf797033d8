"""The seconds of a clip: which of them are altered, which have a score, and why the others have none."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attrs import frozen
from torch import Tensor

from nasframe_audiovisual import LeftOut
from nasframe_deepfake.datasets import Segments
from nasframe_deepfake.detection import scored_seconds

__all__ = ["TRIMMED", "UNSEEN", "LabelledSecond", "labelled_seconds"]

TRIMMED = "no-window"
"""The reason of a second that no window covers, though nothing of it was left out: before the trim, or behind
the last window."""

UNSEEN = "altered-outside-windows"
"""The reason of a second of which windows cover a part, and that is altered in the other part alone. A score
of what is not altered would count as one of what is."""

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
        reason: why it has none, one of `REASONS`, `TRIMMED` or `UNSEEN`; empty where it has one.
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
    scores = {second.number: second for second in scored_seconds(spans, log_odds)}
    seen = [*spans[:, 1].tolist(), *(part.end for part in left_out)]
    ends = [*seen, *(min(end, _LAST) for _, end in altered)]
    found = []
    for number in range(max((math.ceil(end - _SHORTEST) for end in ends), default=0)):
        is_altered, second = _reaches_into(altered, number, number + 1), scores.get(number)
        if second is None:
            found.append(LabelledSecond(number, is_altered, None, _reason(number, left_out)))
        elif is_altered and not _reaches_into(altered, second.start, second.end):
            found.append(LabelledSecond(number, is_altered, None, UNSEEN))
        else:
            found.append(LabelledSecond(number, is_altered, second.log_odds, ""))
    return found


def _reaches_into(altered: Segments, start: float, end: float) -> bool:
    return any(min(last, end) - max(first, start) > _SHORTEST for first, last in altered)


def _reason(number: int, left_out: Sequence[LeftOut]) -> str:
    """Return the reason of the part that covers most of a second."""
    shared = {
        part: min(part.end, number + 1.0) - max(part.start, float(number))
        for part in left_out
        if part.start < number + 1 and part.end > number
    }
    return max(shared, key=lambda part: shared[part]).reason if shared else TRIMMED
