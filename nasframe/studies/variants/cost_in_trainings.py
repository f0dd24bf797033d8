"""The cost of a run, counted in final trainings of its study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

__all__ = ["with_costs_in_trainings"]


def with_costs_in_trainings(results: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return results whose `cost` has `trainings` too: the search, and one for the final training.

    A search whose loop proposes counts its own trainings. The time of any other is divided by that of a final
    training, the mean over the study. What was not measured is left out.

    Args:
        results: of `read_result`.
    """
    known = [result["cost"]["training"] for result in results if result["cost"]]
    training = fmean(known) if known else 0.0
    found = []
    for result in results:
        cost = dict(result["cost"])
        counted = (result["search"] or {}).get("cost")
        if counted is not None and cost:
            cost["trainings"] = 1 + counted
        elif cost and training > 0:
            cost["trainings"] = 1 + (cost["seconds"] - cost["training"]) / training
        found.append({**result, "cost": cost})
    return found
