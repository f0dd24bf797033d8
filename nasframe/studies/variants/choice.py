"""The variant or point of a study that validation chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["chosen"]


def chosen(rows: Sequence[Mapping[str, Any]], objective: str) -> dict[str, Any] | None:
    """Return the variant or point with the best mean on the validation split; None where none was measured.

    A mean of few seeds is no match for one of many, so only rows with the most seeds can be chosen.

    Args:
        rows: of `row_json`. Of equal ones the first is chosen.
        objective: the metric.

    Returns:
        Its `name`, and its objective on the `validation` and the `test` split, each a mean with its interval;
        `among`, the number of rows that could be chosen; `equal`, the names of the others with the same mean;
        `left_out`, the names of those with fewer seeds.
    """
    listed = {row["name"]: row for row in rows if row["kind"] != "baseline"}
    seeds = {
        name: sum(value is not None for value in row["validation"]["by_seed"].values())
        for name, row in listed.items()
    }
    most = max(seeds.values(), default=0)
    if most == 0:
        return None
    complete = [row for name, row in listed.items() if seeds[name] == most]
    best = max(complete, key=lambda row: row["validation"]["mean"])
    same = [row["name"] for row in complete if row["validation"]["mean"] == best["validation"]["mean"]]
    return {
        "name": best["name"],
        "validation": best["validation"],
        "test": best["values"][objective],
        "among": len(complete),
        "equal": [name for name in same if name != best["name"]],
        "left_out": [name for name in listed if seeds[name] < most],
    }
