"""The longest pause of a stream, and of all its pauses; longer ones are wrong time stamps."""

from __future__ import annotations

from pathlib import Path

from nasframe_audiovisual.media.clip_error import ClipError

__all__ = ["LONGEST_PAUSE", "check_pause", "check_pauses"]

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


def check_pauses(path: Path, stream: str, paused: float, played: float, end: float, of: str = "") -> None:
    """Raise where the pauses of a stream are too long together.

    Args:
        path: of the clip.
        stream: `pictures` or `sound`.
        paused: seconds of all its pauses so far.
        played: seconds that tell that time passed.
        end: second of the clip at which the last pause ends.
        of: what those seconds are of; by default the stream.

    Raises:
        ClipError: they are longer than `played` and `LONGEST_PAUSE`.
    """
    if paused > played + LONGEST_PAUSE:
        raise ClipError(
            path,
            f"the time stamps of its {stream} leave {paused:.0f} s without any up to {end:.2f} s; expected "
            f"no more than its {played:.0f} s of {of or stream} and {LONGEST_PAUSE:g} s",
            "time-stamps",
        )
