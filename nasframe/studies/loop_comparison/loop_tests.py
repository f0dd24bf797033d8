"""Tests between loops: whether the ends of their searches differ by more than chance."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.studies.statistics import Bounds, holm, unpaired

__all__ = ["loop_tests"]


def loop_tests(ends: Mapping[str, Sequence[float]], metric: str, bounds: Bounds) -> list[dict[str, Any]]:
    """Return Welch's test of every two loops, with Holm's correction over all of them.

    Searches of two loops with one seed see the same training of the table. The test takes them for
    independent, which makes it a little too cautious.

    Args:
        ends: name of a loop → the test score of what each search found.
        metric: of these scores.
        bounds: within which they lie.
    """
    made: list[dict[str, Any]] = []
    for a, b in itertools.combinations(ends, 2):
        found = unpaired(ends[a], ends[b], bounds)
        made.append(
            {
                "a": a,
                "b": b,
                "metric": metric,
                "difference": found.difference,
                "low": found.low,
                "high": found.high,
                "p": found.p,
            }
        )
    corrected = holm([item["p"] for item in made])
    return [{**item, "p_holm": p} for item, p in zip(made, corrected, strict=True)]
