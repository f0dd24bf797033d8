"""The error of a clip without a window that can be judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nasframe_audiovisual.media import REASONS, ClipError
from nasframe_audiovisual.windows.excerpts import WORTH_SAYING, LeftOut

__all__ = ["nothing_used"]


def nothing_used(path: Path, left_out: Sequence[LeftOut]) -> ClipError:
    """Return the error for a clip without a window that can be judged: the reason of most of its time."""
    total: dict[str, float] = {}
    for part in left_out:
        total[part.reason] = total.get(part.reason, 0.0) + part.end - part.start
    alone = {name: total.pop(name) for name in ("no-pictures", "no-sound") if name in total}
    if alone and sum(total.values()) <= WORTH_SAYING:
        reason = "no-overlap"
    elif total:
        reason = max(total, key=lambda name: total[name])
    else:
        reason = "too-short"
    return ClipError(path, REASONS[reason], reason)
