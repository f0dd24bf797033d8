"""`scores.json`: the score of each example of the test split, as the report's curves need it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nasframe.runs import Run
from nasframe.runtime import rows_not_finite, write_json
from nasframe.tasks import Scores

__all__ = ["save_scores", "undefined_scores"]


def save_scores(run: Run, scores: Scores | None, identifiers: Sequence[str]) -> None:
    """Write `scores.json`, and remove an old one where there are no scores or one of them is not finite."""
    target = run.path / "scores.json"
    if scores is None or undefined_scores(scores, identifiers):
        target.unlink(missing_ok=True)
        return
    content = {
        "positive": scores.positive,
        "negative": scores.negative,
        "threshold": scores.threshold,
        "log_odds": _rounded(scores.log_odds.double().tolist()),
        "labels": [int(label) for label in scores.labels.tolist()],
        "categories": list(scores.categories),
        "examples": list(identifiers),
    }
    write_json(target, content)


def undefined_scores(scores: Scores | None, identifiers: Sequence[str]) -> list[str]:
    """Return the names of the examples whose score is not finite; of all where the threshold is not."""
    if scores is None:
        return []
    if not math.isfinite(scores.threshold):
        return [str(name) for name in identifiers]
    places = rows_not_finite(scores.log_odds).nonzero().flatten().tolist()
    return [str(identifiers[place]) for place in places]


def _rounded(values: Sequence[float]) -> list[float]:
    """Return each value to nine digits, or all of them as they are where two would become equal."""
    short = [float(f"{value:.9g}") for value in values]
    return short if len(set(short)) == len(set(values)) else list(values)
