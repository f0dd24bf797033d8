"""The scores of the test split: ROC curve, histogram of both classes, and shades by category."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from nasframe.report.charts.frame import Frame, Range, legend, mark
from nasframe.report.charts.histogram import Bars, histogram
from nasframe.report.markup import esc, figure, number, svg_text

__all__ = ["area", "roc", "score_figures"]

Curve = list[tuple[float, float]]
"""(false positive rate, true positive rate) from the highest threshold to the lowest."""

_BINS = 40


def roc(ranks: Sequence[float], labels: Sequence[int]) -> Curve:
    """Return the ROC curve; examples of equal score are one step. Empty where one class is absent."""
    positives = sum(labels)
    negatives = len(labels) - positives
    if not positives or not negatives:
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


def score_figures(scores: Mapping[str, Any]) -> str:
    """Return the figures for the content of a `scores.json`, as HTML."""
    ranks, labels = scores["log_odds"], scores["labels"]
    kinds, categories = scores.get("categories") or [], []
    for name in dict.fromkeys(name for name, label in zip(kinds, labels, strict=False) if label):
        chosen = [index for index, label in enumerate(labels) if not label or kinds[index] == name]
        categories.append((name, roc([ranks[i] for i in chosen], [labels[i] for i in chosen])))
    chances = [_chance(rank) for rank in ranks]
    threshold = scores["threshold"]
    by_label = [
        Bars(scores[which], [chance for chance, label in zip(chances, labels, strict=True) if label == value])
        for which, value in (("negative", 0), ("positive", 1))
    ]
    bars = histogram(
        by_label,
        title="Scores of the test split",
        x=f"probability of {scores['positive']}",
        low=0.0,
        high=1.0,
        marks={f"threshold {threshold:.3f}": threshold},
    )
    curves = _curves(roc(ranks, labels), categories, chances, labels, scores)
    shades = _shades(chances, kinds, threshold, scores["positive"]) if kinds else ""
    return f'<div class="grid">{curves}<div>{bars}{shades}</div></div>'


def _curves(
    whole: Curve,
    categories: Sequence[tuple[str, Curve]],
    chances: Sequence[float],
    labels: Sequence[int],
    scores: Mapping[str, Any],
) -> str:
    if not whole:
        return '<p class="note">The test split has one class only: there is no ROC curve.</p>'
    shown = [("all", whole), *(categories if len(categories) > 1 else [])][:6]
    frame = Frame(Range(0, 1), Range(0, 1.02), "false positive rate", "true positive rate", height=340)
    content = f'<path class="guide" d="{frame.path([(0, 0), (1, 1)])}"/>'
    for index, (_, curve) in reversed(list(enumerate(shown))):
        content += f'<path class="line {mark(index)}" d="{frame.path(_corners(curve))}"/>'
    for value, name, kind in ((0.5, "0.5", "open"), (scores["threshold"], "threshold", "")):
        x, y = _at(value, chances, labels)
        left, top = frame.across(x), frame.down(y)
        content += (
            f'<circle class="dot {kind} s0" cx="{left:.1f}" cy="{top:.1f}" r="5"><title>'
            f"threshold {value:.4f}: {y:.4f} of {esc(scores['positive'])} found, "
            f"{x:.4f} of {esc(scores['negative'])} called {esc(scores['positive'])}</title></circle>"
        )
        if not kind:
            content += svg_text(left + 10, top + 16, f"{name} {value:.3f}", classes="name halo")
    total = area(whole)
    label = f"ROC curve, area {total:.4f}; " + ", ".join(
        f"{name} {area(curve) or 0:.4f}" for name, curve in shown[1:]
    )
    caption = (
        f"Area under the curve {number(total, 'roc.area')}. The full dot is the threshold that evaluation "
        "used; the open dot is 0.5."
    )
    if len(shown) > 1:
        caption += f" Each category of {esc(scores['positive'])} against all of {esc(scores['negative'])}."
    names = legend([f"{name} {area(curve) or 0:.4f}" for name, curve in shown])
    return f"<div><h3>ROC curve</h3>{figure(frame.draw(content, label), caption)}{names}</div>"


def _shades(chances: Sequence[float], kinds: Sequence[str], threshold: float, positive: str) -> str:
    names = sorted(set(kinds))
    left, row, width = max(map(len, names)) * 6.8 + 60, 26, 460
    step = (width - left - 10) / _BINS
    bottom = row * len(names) + 6
    parts = []
    for index, name in enumerate(names):
        values = [chance for chance, kind in zip(chances, kinds, strict=True) if kind == name]
        counts = [0] * _BINS
        for value in values:
            counts[min(_BINS - 1, int(value * _BINS))] += 1
        y = 6 + row * index
        parts.append(
            svg_text(0, y + 15, name, classes="name")
            + svg_text(left - 8, y + 15, len(values), anchor="end")
            + f'<rect class="cold" x="{left:.1f}" y="{y}" width="{step * _BINS:.1f}" height="{row - 5}"/>'
        )
        for place, count in enumerate(counts):
            if count:
                # the square root shows a few examples beside many
                level = max(1, round(10 * math.sqrt(count / len(values))))
                parts.append(
                    f'<rect class="h h{level}" x="{left + step * place:.1f}" y="{y}" width="{step:.1f}" '
                    f'height="{row - 5}"><title>{esc(name)}: {count}</title></rect>'
                )
    x = left + step * _BINS * threshold
    parts.append(f'<path class="now" stroke-dasharray="4 3" d="M{x:.1f} 2V{bottom}"/>')
    for value in (0, 0.5, 1):
        parts.append(svg_text(left + step * _BINS * value, bottom + 14, f"{value:g}", anchor="middle"))
    middle = left + step * _BINS / 2
    parts.append(svg_text(middle, bottom + 31, f"probability of {positive}", anchor="middle"))
    label = f"Scores by category: {', '.join(f'{name} {kinds.count(name)}' for name in names)}"
    chart = (
        f'<svg class="chart" role="img" aria-label="{esc(label)}" viewBox="0 0 {width} {bottom + 38}">'
        f"{''.join(parts)}</svg>"
    )
    caption = "A darker shade is a larger share of the examples of a category. Dashed: the threshold."
    return f"<div><h3>Scores by category</h3>{figure(chart, caption)}</div>"


def _at(threshold: float, chances: Sequence[float], labels: Sequence[int]) -> tuple[float, float]:
    called = [label for chance, label in zip(chances, labels, strict=True) if chance >= threshold]
    positives = sum(labels)
    return (len(called) - sum(called)) / (len(labels) - positives), sum(called) / positives


def _corners(curve: Curve) -> Curve:
    """Return the curve without the points inside its straight parts."""
    kept = curve[:1]
    for before, point, after in zip(curve, curve[1:], curve[2:], strict=False):
        turn = (point[0] - before[0]) * (after[1] - point[1]) - (point[1] - before[1]) * (after[0] - point[0])
        if abs(turn) > 1e-12:
            kept.append(point)
    return [*kept, curve[-1]]


def _chance(log_odds: float) -> float:
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    return math.exp(log_odds) / (1 + math.exp(log_odds))
