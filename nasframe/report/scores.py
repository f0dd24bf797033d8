"""The scores of the test split: ROC curve, histogram of both classes, and shares by category."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from nasframe.display import Bars, Column, Figure, HeatMap, Histogram, Line, LineChart, Marker, Table

__all__ = ["area", "roc", "roc_table", "score_figures"]

Curve = list[tuple[float, float]]
"""(false positive rate, true positive rate) from the highest threshold to the lowest."""

_BINS = 40
_MOST_CURVES = 6


def roc(ranks: Sequence[float], labels: Sequence[int]) -> Curve:
    """Return the ROC curve; examples of equal score are one step.

    It is empty where one class is absent, or where a score is no finite number: there is no order then.
    """
    # By hand: torchmetrics finds the same points, in float32 (3e-8 off), but its import makes a page wait for
    # 3.1 s more and takes 174 MB, and it draws a curve for one class too.
    positives = sum(labels)
    negatives = len(labels) - positives
    if not positives or not negatives or not all(map(math.isfinite, ranks)):
        return []
    curve, found, wrong = [(0.0, 0.0)], 0, 0
    order = sorted(zip(ranks, labels, strict=True), key=lambda pair: -pair[0])
    for index, (rank, label) in enumerate(order):
        found, wrong = found + label, wrong + 1 - label
        if index + 1 == len(order) or order[index + 1][0] != rank:
            curve.append((wrong / negatives, found / positives))
    return curve


def area(curve: Curve) -> float | None:
    """Return the area under a curve; None for an empty one."""
    if not curve:
        return None
    return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in pairwise(curve))


def roc_table(scores: Mapping[str, Any]) -> Table:
    """Return the table `roc` for the content of a `scores.json`: the area under each curve."""
    rows = [[name, area(curve)] for name, curve in _curves(scores).items()]
    note = "" if rows[0][1] is not None else "The test split has one class only: there is no ROC curve."
    return Table("roc", "Area under the ROC curve", [Column("examples"), Column("area")], rows, note)


def score_figures(scores: Mapping[str, Any]) -> list[Figure]:
    """Return the figures for the content of a `scores.json`."""
    chances = [_chance(rank) for rank in scores["log_odds"]]
    threshold, x = scores["threshold"], f"probability of {scores['positive']}"
    by_label = [
        Bars(scores[which], [c for c, label in zip(chances, scores["labels"], strict=True) if label == value])
        for which, value in (("negative", 0), ("positive", 1))
    ]
    found: list[Figure] = [
        _chart(scores, chances),
        Histogram(
            name="scores-by-label",
            title="Scores of the test split",
            x=x,
            low=0.0,
            high=1.0,
            series=by_label,
            marks={f"threshold {threshold:.3f}": threshold},
        ),
    ]
    return [*found, *([_by_category(scores, chances)] if scores.get("categories") else [])]


def _by_category(scores: Mapping[str, Any], chances: Sequence[float]) -> Figure:
    by_kind: dict[str, list[float]] = {}
    for chance, kind in zip(chances, scores["categories"], strict=True):
        by_kind.setdefault(kind, []).append(chance)
    sizes = ", ".join(f"{name} {len(found)}" for name, found in sorted(by_kind.items()))
    return HeatMap(
        name="scores-by-category",
        title="Scores by category",
        x=f"probability of {scores['positive']}",
        low=0.0,
        high=1.0,
        row=26.0,
        rows={f"{name}, {len(found)}": {"": _shares(found)} for name, found in sorted(by_kind.items())},
        marks={"": scores["threshold"]},
        description=f"Scores by category: {sizes}",
        caption=(
            "A darker shade is a larger share of the examples of a category (the square root of the share is "
            "drawn). Dashed: the threshold."
        ),
    )


def _curves(scores: Mapping[str, Any]) -> dict[str, Curve]:
    """Return the curve of all examples, and those of each category of positives against all negatives."""
    ranks, labels, kinds = scores["log_odds"], scores["labels"], scores.get("categories") or []
    found = {"all": roc(ranks, labels)}
    names = list(dict.fromkeys(name for name, label in zip(kinds, labels, strict=False) if label))
    for name in names if len(names) > 1 else ():
        chosen = [index for index, label in enumerate(labels) if not label or kinds[index] == name]
        found[name] = roc([ranks[i] for i in chosen], [labels[i] for i in chosen])
    return found


def _chart(scores: Mapping[str, Any], chances: Sequence[float]) -> Figure:
    curves = {name: curve for name, curve in _curves(scores).items() if curve}
    lines = [
        Line(f"{name} {area(curve):.4f}", _corners(curve), is_bare=True)
        for name, curve in list(curves.items())[:_MOST_CURVES]
    ]
    caption = "The full dot is the threshold that evaluation used; the open dot is 0.5."
    if len(lines) > 1:
        caption += f" Each category of {scores['positive']} against all of {scores['negative']}."
    areas = ", ".join(f"{name} {area(curve):.4f}" for name, curve in curves.items())
    thresholds = {"0.5": 0.5, f"threshold {scores['threshold']:.3f}": scores["threshold"]}
    return LineChart(
        name="scores-roc",
        title="ROC curve",
        x="false positive rate",
        y="true positive rate",
        x_low=0.0,
        x_high=1.0,
        y_low=0.0,
        y_high=1.02,
        height=340.0,
        lines=lines,
        guide=[(0.0, 0.0), (1.0, 1.0)],
        markers=[_marker(name, value, chances, scores) for name, value in thresholds.items()]
        if lines
        else [],
        description=f"ROC curve, area {areas}",
        caption=caption,
    )


def _marker(name: str, threshold: float, chances: Sequence[float], scores: Mapping[str, Any]) -> Marker:
    labels, positive = scores["labels"], scores["positive"]
    called = [label for chance, label in zip(chances, labels, strict=True) if chance >= threshold]
    x = (len(called) - sum(called)) / (len(labels) - sum(labels))
    y = sum(called) / sum(labels)
    told = (
        f"threshold {threshold:.4f}: {y:.4f} of {positive} found, "
        f"{x:.4f} of {scores['negative']} called {positive}"
    )

    return Marker(name, x, y, told, is_open=name == "0.5")


def _shares(chances: Sequence[float]) -> list[float]:
    """Return the square root of the share of each bin, which shows a few examples beside many."""
    counts = [0] * _BINS
    for chance in chances:
        counts[min(_BINS - 1, int(chance * _BINS))] += 1
    return [math.sqrt(count / len(chances)) for count in counts]


def _corners(curve: Curve) -> Curve:
    """Return the curve without the points inside its straight parts."""
    kept = curve[:1]
    for before, point, after in zip(curve, curve[1:], curve[2:], strict=False):
        turn = (point[0] - before[0]) * (after[1] - point[1]) - (point[1] - before[1]) * (after[0] - point[0])
        if abs(turn) > 1e-12:
            kept.append(point)
    return [*kept, curve[-1]]


def _chance(log_odds: float) -> float:
    """Return the probability; no power here overflows, and SciPy would have to be imported for one line."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    return math.exp(log_odds) / (1 + math.exp(log_odds))
