"""Paired tests between the rows of a comparison, seed by seed."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.report import COSTS
from nasframe.studies.statistics import UNBOUNDED, Bounds, holm, paired
from nasframe.studies.variants import Row

__all__ = ["paired_tests"]


def paired_tests(
    rows: Sequence[Row], metrics: Sequence[str], bounds: Mapping[str, Bounds]
) -> list[dict[str, Any]]:
    """Return paired tests on the seeds: of every two variants, and of every variant against its baselines.

    For each metric the pairs of variants are one family of Holm's correction, and the pairs with baselines
    another.
    """
    variants = [row for row in rows if row.kind == "variant"]
    baselines = [row for row in rows if row.kind == "baseline"]
    families = {
        "variants": list(itertools.combinations(variants, 2)),
        "baselines": [(a, b) for a in variants for b in baselines if a.name in b.variants],
    }
    found = []
    for family, pairs in families.items():
        for metric in metrics:
            cost = COSTS.get(metric)
            if cost is not None and (family == "baselines" or not cost.of_network):
                continue
            made = [_test(a, b, metric, bounds.get(metric, UNBOUNDED)) for a, b in pairs]
            corrected = holm([item["p"] for item in made])
            found += [
                {**item, "p_holm": p, "family": family} for item, p in zip(made, corrected, strict=True)
            ]
    return found


def _test(a: Row, b: Row, metric: str, bounds: Bounds) -> dict[str, Any]:
    here, there = a.values[metric], b.values[metric]
    shared = [seed for seed in here if seed in there]
    found = paired([here[seed] for seed in shared], [there[seed] for seed in shared], bounds)
    return {
        "a": a.name,
        "b": b.name,
        "metric": metric,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "pairs": found.count,
    }
