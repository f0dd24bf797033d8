"""Rows: the values of a variant, a point or a baseline, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.report import value_of
from nasframe.studies.statistics import UNBOUNDED, Bounds, mean
from nasframe.studies.variants.variant import Variant

__all__ = ["Row", "mean_json", "row_json", "variant_rows"]

Result = Mapping[str, Any]
Seeds = Mapping[int, float | int | None]


@frozen
class Row:
    """A line of the table.

    Attributes:
        name: shown to the user.
        kind: `variant`, `point` or `baseline`.
        values: metric → seed → value on the test split, or cost.
        validation: seed → objective on the validation split, in the best epoch of the final training.
        variants: names of the variants that are compared with a baseline.
        is_best_random: each value is that of the best of several random architectures.
    """

    name: str
    kind: str
    values: Mapping[str, Seeds]
    validation: Seeds
    variants: Sequence[str] = ()
    is_best_random: bool = False


def variant_rows(
    variants: Sequence[Variant], results: Sequence[Result], metrics: Sequence[str], kind: str = "variant"
) -> list[Row]:
    """Return a row for each variant, from the results of its runs that have been evaluated."""
    rows = []
    for variant in variants:
        own = [result for result in results if _counts(result, variant)]
        found = {metric: {result["seed"]: value_of(result, metric) for result in own} for metric in metrics}
        validation = {result["seed"]: result["validation"]["trained"] for result in own}
        rows.append(Row(variant.name, kind, found, validation))
    return rows


def _counts(result: Result, variant: Variant) -> bool:
    return result["variant"] == variant.name and result["status"] == "done" and bool(result["test"])


def mean_json(seeds: Seeds, bounds: Bounds = UNBOUNDED) -> dict[str, Any]:
    """Return the mean over seeds with its 95 % interval, and the value of each seed, as records hold it."""
    found = mean(list(seeds.values()), bounds)
    by_seed = {str(seed): value for seed, value in seeds.items()}
    return {"mean": found.mean, "low": found.low, "high": found.high, "by_seed": by_seed}


def row_json(row: Row, objective: str, bounds: Mapping[str, Bounds]) -> dict[str, Any]:
    """Return a row as records hold it, given metric → its bounds; a metric without bounds has none."""
    of = {metric: bounds.get(metric, UNBOUNDED) for metric in (*row.values, objective)}
    return {
        "name": row.name,
        "kind": row.kind,
        "values": {metric: mean_json(seeds, of[metric]) for metric, seeds in row.values.items()},
        "validation": mean_json(row.validation, of[objective]),
    }
