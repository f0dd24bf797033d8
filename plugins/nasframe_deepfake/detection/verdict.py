"""The answer for one clip: decision, score, the seconds behind it, and what it leaned on; or words."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nasframe_audiovisual import LeftOut
from nasframe_deepfake.detection.calibration import Calibration
from nasframe_deepfake.detection.detector import ClipScores
from nasframe_deepfake.detection.seconds import scored_seconds
from nasframe_deepfake.detection.streams_read import STREAMS, STREAMS_OF_KIND
from nasframe_deepfake.detection.summary import summary

__all__ = ["HANGS", "refusal", "verdict"]

UPSIDE_DOWN = "The pictures of a clip were turned upside down: that way a face was found in them."

UNLIKE_TRAINING = "unlike-training"
"""The reason of a clip, or a part of one, that was read and is unlike anything in the training."""

NOT_FINITE = "not-finite"
"""The reason of a clip that was read and whose score is no finite number."""

HANGS = "hangs"
"""The reason of a clip at whose decoding nothing was read for too long."""

SHOWN = 3
"""The most suspicious windows that an answer names."""


def verdict(
    file: Path,
    scores: ClipScores,
    calibration: Calibration,
    notes: Sequence[str] = (),
    read: Collection[str] = STREAMS,
) -> dict[str, Any]:
    """Return the answer for a clip, JSON-able.

    `score` is the calibrated probability of fake; `seconds` has one for each second that was used, and
    `suspicious` the windows with the highest. `squares` has the part of the picture that each window shows.
    `leaned_on` names the stream that speaks more for the decision. A stream that the network does not read,
    or without which the score is the same, is never named, and its score is None. Windows that the training
    says nothing about are left out. Where they are more than half, or a score is not finite, the clip gets
    `error` and `reason`.

    Args:
        file: of the clip.
        scores: of its windows.
        calibration: of the detector.
        notes: sentences that go with every answer.
        read: the streams that the network reads.
    """
    beyond = _beyond(scores)
    left_out = [
        *scores.left_out,
        *(LeftOut(start, end, UNLIKE_TRAINING) for start, end in scores.spans[beyond].tolist()),
    ]
    if 2 * int(beyond.sum()) > len(beyond):
        return refusal(file, UNLIKE_TRAINING, _unlike(scores), left_out)
    scores = scores.chosen(~beyond)
    if not bool(scores.log_odds.isfinite().all()):
        words = "has no score, and so no decision: the output of the network is no finite number"
        return refusal(file, NOT_FINITE, words)
    notes = [*notes, UPSIDE_DOWN] if scores.upside_down else [*notes]
    stretch = calibration.stretch(scores.log_odds)
    # the same rule for all three, over the same stretch
    clip, pictures, sound = (
        stretch.log_odds(values) for values in (scores.log_odds, scores.pictures_alone, scores.sound_alone)
    )
    score = _probability(clip, calibration)
    decision = "fake" if score >= calibration.threshold else "real"
    kinds = {kind: float(values[stretch.windows].mean()) for kind, values in scores.parts.items()}
    used = _used({"pictures": clip - sound, "sound": clip - pictures}, read)
    kind = _told_kind(kinds, used) if decision == "fake" else None
    answer = {
        "file": str(file),
        "score": score,
        "threshold": calibration.threshold,
        "decision": decision,
        "leaned_on": _leaned_on(decision, used, kind),
        "score_of_pictures": _probability(pictures, calibration) if "pictures" in used else None,
        "score_of_sound": _probability(sound, calibration) if "sound" in used else None,
        **kinds,
        "windows": len(scores.log_odds),
        "used_seconds": _round(_covered(scores.spans)),
        "suspicious": _suspicious(scores, calibration),
        "seconds": _seconds(scores, calibration),
        "squares": _squares(scores),
        "left_out": _left_out(left_out, scores.spans),
        **({"notes": notes} if notes else {}),
    }
    return {**answer, "summary": summary(answer, kind)}


def refusal(file: Path, reason: str, words: str, left_out: Sequence[LeftOut] = ()) -> dict[str, Any]:
    """Return the answer for a file without a score.

    Args:
        file: of the clip.
        reason: a word for scripts.
        words: for people.
        left_out: the parts of a clip that was read, with the reason of each.
    """
    parts = _left_out(left_out, torch.empty(0, 2))
    return {"file": str(file), "reason": reason, "error": words, **({"left_out": parts} if parts else {})}


def _beyond(scores: ClipScores) -> Tensor:
    """Return which windows are unlike the training in a stream, or by no finite distance `(windows,)`."""
    beyond = torch.zeros(len(scores.log_odds), dtype=torch.bool)
    for distances in scores.novelty.values():
        beyond |= ~(distances <= 1)
    return beyond


def _unlike(scores: ClipScores) -> str:
    """Return in words how far the windows that are unlike the training are from it."""
    far = {stream: values[~(values <= 1)] for stream, values in scores.novelty.items()}
    far = {stream: values for stream, values in far.items() if len(values)}
    streams = " and ".join(f"its {stream}" for stream in far)
    how_far = ", ".join(f"{float(values.median()):.1f}" for values in far.values())
    are = "is" if [*far] == ["sound"] else "are"
    return (
        f"{streams} {are} unlike anything in the training ({how_far} times the distance within which "
        "training clips lie), so a score would mean nothing"
    )


def _used(changes: Mapping[str, float], read: Collection[str]) -> dict[str, float]:
    """Return stream → its part of the log-odds, of those that the network reads and that change the score.

    Args:
        changes: stream → log-odds of the clip, less those with the stream replaced by the training's mean.
        read: the streams that the network reads.
    """
    return {stream: change for stream, change in changes.items() if stream in read and change != 0}


def _told_kind(kinds: Mapping[str, float], used: Collection[str]) -> str | None:
    """Return the likeliest kind of fake; None where it shows in a stream that was not used."""
    if not kinds:
        return None
    likeliest = max(kinds, key=lambda kind: kinds[kind])
    return likeliest if STREAMS_OF_KIND[likeliest] <= {*used} else None


def _leaned_on(decision: str, used: Mapping[str, float], kind: str | None) -> str | None:
    """Return the stream that speaks more for the decision; None where none was used.

    For a fake whose kind is known it is the stream of that kind. Else the one without which the log-odds
    change more towards the other decision: by at most twice as much, it is both.

    Args:
        decision: `fake` or `real`.
        used: stream → its part of the log-odds.
        kind: of the fake; None where it is not known.
    """
    if not used:
        return None
    for_it = {stream: change if decision == "fake" else -change for stream, change in used.items()}
    low, high = min(for_it.values()), max(for_it.values())
    if kind is not None:
        streams = STREAMS_OF_KIND[kind]
    elif low == high or 0 < high <= 2 * low:
        streams = frozenset(used)
    else:
        streams = frozenset({max(for_it, key=lambda stream: for_it[stream])})
    return "both" if streams == STREAMS else min(streams)


def _suspicious(scores: ClipScores, calibration: Calibration) -> list[dict[str, float]]:
    """Return the windows with the highest scores, none overlapping a higher one, the highest first."""
    chosen: list[int] = []
    for place in scores.log_odds.argsort(descending=True, stable=True).tolist():
        start, end = scores.spans[place].tolist()
        if all(end <= scores.spans[other][0] or start >= scores.spans[other][1] for other in chosen):
            chosen.append(place)
        if len(chosen) == SHOWN:
            break
    chances = calibration.probability(scores.log_odds)
    return [
        _scored(float(scores.spans[place][0]), float(scores.spans[place][1]), float(chances[place]))
        for place in chosen
    ]


def _seconds(scores: ClipScores, calibration: Calibration) -> list[dict[str, float]]:
    """Return a score for each second that windows cover: their mean log-odds, weighted by what they share."""
    return [
        _scored(second.start, second.end, _probability(second.log_odds, calibration))
        for second in scored_seconds(scores.spans, scores.log_odds)
    ]


def _squares(scores: ClipScores) -> list[dict[str, float]]:
    """Return the place of each window in the clip, and of its square in the pictures, in pixels."""
    return [
        {"start": _round(start), "end": _round(end), "left": left, "top": top, "side": side}
        for (start, end), (left, top, side) in zip(
            scores.spans.tolist(), scores.squares.tolist(), strict=True
        )
    ]


def _left_out(parts: Sequence[LeftOut], spans: Tensor) -> list[dict[str, Any]]:
    """Return what no window that was used covers, in order of time and disjoint; neighbours as one.

    Args:
        parts: that were left out; windows overlap, so others may have been used in them.
        spans: of the windows that were used, in order of time.
    """
    found: list[dict[str, Any]] = []
    for part in sorted(parts, key=lambda part: (part.start, part.end)):
        for start, end in _outside(part.start, part.end, spans):
            last = found[-1] if found else None
            begin = _round(start) if last is None else max(_round(start), last["end"])
            if begin >= _round(end):
                continue
            if last is not None and last["reason"] == part.reason and begin == last["end"]:
                last["end"] = _round(end)
            else:
                found.append({"start": begin, "end": _round(end), "reason": part.reason})
    return found


def _outside(start: float, end: float, spans: Tensor) -> list[tuple[float, float]]:
    """Return the parts from `start` to `end` that lie in none of the spans, which are in order of time."""
    found = []
    for begin, stop in spans.tolist():
        if begin >= end:
            break
        if begin > start:
            found.append((start, begin))
        start = max(start, stop)
    return [*found, (start, end)] if start < end else found


def _covered(spans: Tensor) -> float:
    """Return the seconds that lie in at least one of the windows, which are in order of time."""
    total, until = 0.0, -math.inf
    for start, end in spans.tolist():
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


def _probability(log_odds: float, calibration: Calibration) -> float:
    return float(calibration.probability(torch.tensor(log_odds, dtype=torch.float64)))


def _scored(start: float, end: float, score: float) -> dict[str, float]:
    return {"start": _round(start), "end": _round(end), "score": score}


def _round(seconds: float) -> float:
    return round(seconds, 3)
