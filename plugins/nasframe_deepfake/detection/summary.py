"""The line below a score: the seconds behind it, the stream it leaned on, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.runtime import counted

__all__ = ["summary"]

_SHOWN = 3  # parts that are named; JSON has all


def summary(answer: Mapping[str, Any], kind: str | None) -> str:
    """Return a line on an answer with a score; see `verdict`. The kind of a fake comes first.

    Args:
        answer: without its summary.
        kind: of the fake, whose probability is in the answer; None where it is not known.

    Example:
        >>> answer = {
        ...     "decision": "fake",
        ...     "used_seconds": 3.2,
        ...     "windows": 2,
        ...     "leaned_on": "sound",
        ...     "score_of_pictures": 0.2644,
        ...     "score_of_sound": 0.9962,
        ...     "fake_voice": 0.97,
        ...     "suspicious": [{"start": 5.0, "end": 6.6, "score": 0.9312}],
        ...     "left_out": [{"start": 1.8, "end": 5.0, "reason": "no-face"}],
        ... }
        >>> print(*summary(answer, "fake_voice").split("; "), sep="\\n")
        fake voice: 0.97
        used 3.2 s (2 windows), leaned on sound
        most suspicious: 5.0-6.6 s (0.93)
        left out: 1.8-5.0 s (no-face)
    """
    windows = answer["windows"]
    suspicious = [(part, f"{part['score']:.2f}") for part in answer["suspicious"]]
    parts = []
    if kind is not None:
        parts.append(f"{kind.replace('_', ' ')}: {answer[kind]:.2f}")
    parts += [
        f"used {answer['used_seconds']:.1f} s ({counted(windows, 'window')}){_leaned_on(answer)}",
        f"most suspicious: {_named(suspicious)}",
    ]
    if answer["left_out"]:
        parts.append(f"left out: {_named([(part, part['reason']) for part in answer['left_out']])}")
    return "; ".join(parts)


def _leaned_on(answer: Mapping[str, Any]) -> str:
    stream = answer["leaned_on"]
    if stream is None:
        return ""
    is_alone = answer["score_of_pictures"] is None or answer["score_of_sound"] is None
    return f", leaned on {'both streams' if stream == 'both' else stream}{' alone' * is_alone}"


def _named(parts: Sequence[tuple[Mapping[str, Any], str]]) -> str:
    shown = [f"{part['start']:.1f}-{part['end']:.1f} s ({word})" for part, word in parts[:_SHOWN]]
    return ", ".join([*shown, f"{len(parts) - _SHOWN} more"] if len(parts) > _SHOWN else shown)
