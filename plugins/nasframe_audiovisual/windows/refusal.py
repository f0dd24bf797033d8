"""The error of a clip without a window that can be judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nasframe_audiovisual.media import REASONS, ClipError
from nasframe_audiovisual.windows.excerpts import WORTH_SAYING, LeftOut

__all__ = ["NothingUsedError", "nothing_used"]


class NothingUsedError(ClipError):
    """A clip without a window that can be judged.

    Attributes:
        left_out: its parts, with the reason of each.
    """

    def __init__(self, path: Path, message: str, reason: str, left_out: Sequence[LeftOut] = ()) -> None:
        super().__init__(path, message, reason)
        self.left_out = tuple(left_out)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.message, self.reason, self.left_out)


def nothing_used(path: Path, left_out: Sequence[LeftOut]) -> NothingUsedError:
    """Return the error for a clip without a window that can be judged: the reason of most of its time.

    Where each stream is alone for a while, and the one part with both is too short, it is `no-overlap`.
    """
    total: dict[str, float] = {}
    for part in left_out:
        total[part.reason] = total.get(part.reason, 0.0) + part.end - part.start
    alone = {name: total.pop(name) for name in ("no-pictures", "no-sound") if name in total}
    shots = sum(part.reason == "too-short" for part in left_out)
    hardly_overlap = len(alone) == 2 and shots == 1 and [*total] == ["too-short"]
    if hardly_overlap or (alone and sum(total.values()) <= WORTH_SAYING):
        reason = "no-overlap"
    elif total:
        reason = max(total, key=lambda name: total[name])
    else:
        reason = "too-short"
    words = REASONS[reason]
    if reason == "too-short" and shots > 1:
        words = f"the {shots} shots between its cuts are each shorter than a window"
    return NothingUsedError(path, words, reason, left_out)
