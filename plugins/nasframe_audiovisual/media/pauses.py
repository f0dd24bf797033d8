"""The longest pause of a stream; a longer one is a wrong time stamp."""

from __future__ import annotations

from pathlib import Path

from nasframe_audiovisual.media.clip_error import ClipError

__all__ = ["LONGEST_PAUSE", "check_pause"]

LONGEST_PAUSE = 3600.0
"""Seconds that a stream may pause."""


def check_pause(path: Path, stream: str, before: float, after: float) -> None:
    """Raise where a stream pauses for too long.

    Args:
        path: of the clip.
        stream: `pictures` or `sound`.
        before: second of the clip at which the pause begins.
        after: and ends.

    Raises:
        ClipError: it is longer than `LONGEST_PAUSE`.
    """
    if after - before > LONGEST_PAUSE:
        raise ClipError(
            path,
            f"the time stamps of its {stream} jump from {before:.2f} to {after:.2f} s; expected no pause of "
            f"more than {LONGEST_PAUSE:g} s",
            "time-stamps",
        )
