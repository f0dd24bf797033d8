"""The objective on the test split against the cost, for the methods of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from attrs import frozen

from nasframe.studies.comparison.baseline_rows import Network, Trained
from nasframe.studies.statistics import Bounds, mean
from nasframe.studies.variants import Row, mean_json, number_of

__all__ = ["cost_curves"]


@frozen
class _Step:
    """The cost of a method so far, for one seed, and the test score of what it would take now."""

    trainings: float | None
    seconds: float | None
    test: float | None


def cost_curves(
    rows: Sequence[Row], trained: Trained, objective: str, bounds: Bounds
) -> list[dict[str, Any]]:
    """Return a curve for each variant, and one for the random search of each group of baselines.

    A random search that trains k architectures takes the one that is best on the validation split, so it has
    a point for each k. What a search had found before its end was not tested, so it has the point of its end.

    Returns:
        JSON-able: `name`, `kind` (`variant` or `random`), and `points`: of each the mean `trainings` and
        `seconds` (None where a seed has none), and `test`, the mean with its interval over the seeds.
    """
    curves = []
    for row in rows:
        if row.kind == "variant":
            steps = {seed: [_end(row, seed, objective)] for seed in row.values[objective]}
            curves.append(_curve(row.name, "variant", steps, bounds))
    labels = dict.fromkeys(item.label for item, _ in trained if item.kind == "random")
    for label in labels:
        own = [(item, found) for item, found in trained if (item.kind, item.label) == ("random", label)]
        steps = {item.seed: _random(found, objective) for item, found in own if found}
        curves.append(_curve(f"random search{f' [{label}]' * bool(label)}", "random", steps, bounds))
    return [curve for curve in curves if curve["points"]]


def _end(row: Row, seed: int, objective: str) -> _Step:
    trainings = row.values.get("cost_in_trainings", {}).get(seed)
    seconds = row.values.get("total_seconds", {}).get(seed)
    return _Step(trainings, seconds, row.values[objective][seed])


def _random(networks: Sequence[Network], objective: str) -> list[_Step]:
    """Return the steps of a random search that draws these networks in this order."""
    scores = [number_of(network["validation"].get(objective)) for network in networks]
    seconds = [number_of(network.get("seconds")) for network in networks]
    spent: list[float | None] = list(accumulate(seconds, _added))
    steps = []
    for count in range(1, len(networks) + 1):
        known = [(score, -place) for place, score in enumerate(scores[:count]) if score is not None]
        best = networks[-max(known)[1]] if known else networks[0]
        steps.append(_Step(float(count), spent[count - 1], number_of(best["test"].get(objective))))
    return steps


def _added(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a + b


def _curve(name: str, kind: str, steps: Mapping[int, Sequence[_Step]], bounds: Bounds) -> dict[str, Any]:
    """Return the curve of the means; it ends where the first seed ends."""
    length = min(map(len, steps.values()), default=0)
    points = []
    for place in range(length):
        at = {seed: own[place] for seed, own in steps.items()}
        test = mean_json({seed: step.test for seed, step in at.items()}, bounds)
        trainings = [step.trainings for step in at.values()]
        seconds = [step.seconds for step in at.values()]
        if test["mean"] is not None:
            points.append({"trainings": _all(trainings), "seconds": _all(seconds), "test": test})
    return {"name": name, "kind": kind, "points": points}


def _all(values: Sequence[float | None]) -> float | None:
    """Return the mean where every seed has a value."""
    return None if None in values else mean(list(values)).mean
