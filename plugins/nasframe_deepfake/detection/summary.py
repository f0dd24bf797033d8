"""The line below a score: the seconds behind it, the stream it leaned on, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["summary"]

_SHOWN = 3  # parts that are named; JSON has all


def summary(answer: Mapping[str, Any], kinds: Mapping[str, float]) -> str:
    """Return a line on an answer with a score; see `verdict`. A fake's likeliest kind comes first.

    Args:
        answer: without its summary.
        kinds: of fakes, with the probability of each; may be empty.

    Example:
        >>> answer = {
        ...     "decision": "fake",
        ...     "used_seconds": 3.2,
        ...     "windows": 2,
        ...     "leaned_on": "sound",
        ...     "suspicious": [{"start": 5.0, "end": 6.6, "score": 0.9312}],
        ...     "left_out": [{"start": 1.8, "end": 5.0, "reason": "no-face"}],
        ... }
        >>> kinds = {"fake_picture": 0.2, "fake_voice": 0.97}
        >>> print(*summary(answer, kinds).split("; "), sep="\\n")
        fake voice: 0.97
        used 3.2 s (2 windows), leaned on sound
        most suspicious: 5.0-6.6 s (0.93)
        left out: 1.8-5.0 s (no-face)
    """
    windows, leaned_on = answer["windows"], answer["leaned_on"]
    suspicious = [(part, f"{part['score']:.2f}") for part in answer["suspicious"]]
    parts = []
    if kinds and answer["decision"] == "fake":
        likeliest = max(kinds, key=lambda kind: kinds[kind])
        parts.append(f"{likeliest.replace('_', ' ')}: {kinds[likeliest]:.2f}")
    parts += [
        f"used {answer['used_seconds']:.1f} s ({windows} window{'s' * (windows != 1)}), leaned on "
        f"{'both streams' if leaned_on == 'both' else leaned_on}",
        f"most suspicious: {_named(suspicious)}",
    ]
    if answer["left_out"]:
        parts.append(f"left out: {_named([(part, part['reason']) for part in answer['left_out']])}")
    return "; ".join(parts)


def _named(parts: Sequence[tuple[Mapping[str, Any], str]]) -> str:
    shown = [f"{part['start']:.1f}-{part['end']:.1f} s ({word})" for part, word in parts[:_SHOWN]]
    return ", ".join([*shown, f"{len(parts) - _SHOWN} more"] if len(parts) > _SHOWN else shown)
