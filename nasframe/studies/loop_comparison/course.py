"""The course of the searches of a loop: best test score so far against cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nasframe.studies.loop_comparison.judged_loop import JudgedLoop
from nasframe.studies.loop_comparison.looked_up_search import Trace
from nasframe.studies.statistics import Bounds, interval
from nasframe.tables import least_of_top

__all__ = ["course_of_loop", "ends_of_loop"]

_POINTS = 60  # of a curve


def course_of_loop(
    item: JudgedLoop,
    traces: Sequence[Trace],
    test: Any,
    own: Any,
    full: int,
    equal: Sequence[float],
    bounds: Bounds,
) -> dict[str, Any]:
    """Return the results of a loop: its course over the cost, and its end.

    A search that has ended keeps its best architecture, so a curve goes on to the cost of the longest one. It
    begins where every search has an architecture.

    Args:
        item: the loop.
        traces: its searches.
        test: test scores of all networks that a search may name, `(networks,)`; NaN where there is none.
        own: those of the table's own networks, without those that were trained on demand.
        full: epochs of a full training.
        equal: costs in full trainings at which its scores are given.
        bounds: within which scores lie.
    """
    costs = np.array([trace.cost for trace in traces]) / full
    seconds = np.mean([trace.seconds for trace in traces])
    first = max((trace.steps[0].cost / full if trace.steps else np.inf) for trace in traces)
    grid = np.linspace(first, costs.max(), _POINTS) if np.isfinite(first) else np.array([costs.max()])
    grid = np.unique(grid)
    known = _scores_at(traces, test, grid * full)
    means = [_estimate(known[:, place], bounds) for place in range(len(grid))]
    ends = ends_of_loop(traces, test)
    sides = _scores_at(traces, test, np.array(equal, dtype=np.float64) * full)
    return {
        "name": item.name,
        "kind": "proposals" if item.is_looked_up else "gradient",
        "seeds": len(traces),
        "trials": float(np.mean([trace.trials for trace in traces])),
        "cost": float(costs.mean()),
        "seconds": None if np.isnan(seconds) else float(seconds),
        "test": _estimate(ends, bounds),
        "deviation": float(np.nanstd(ends, ddof=1)) if len(ends) > 1 else None,
        "top": float(np.mean(ends >= least_of_top(own))),
        "best_found": float(np.mean(ends >= np.nanmax(own))),
        "equal": [_estimate(sides[:, place], bounds) for place in range(len(equal))],
        "curve": {
            "cost": grid.tolist(),
            **{name: [item[name] for item in means] for name in ("mean", "low", "high")},
        },
    }


def ends_of_loop(traces: Sequence[Trace], test: Any) -> Any:
    """Return the test score of what each search found `(searches,)`; NaN where it found nothing."""
    return _scores_at(traces, test, np.array([np.inf]))[:, 0]


def _scores_at(traces: Sequence[Trace], test: Any, costs: Any) -> Any:
    """Return the test score of each search's best architecture at each cost; NaN before the first one."""
    found = np.full((len(traces), len(costs)), np.nan)
    for row, trace in enumerate(traces):
        if not trace.steps:
            continue
        places = np.searchsorted([step.cost for step in trace.steps], costs + 1e-9, side="right") - 1
        scores = test[[step.place for step in trace.steps]]
        found[row] = np.where(places >= 0, scores[np.maximum(places, 0)], np.nan)
    return found


def _estimate(values: Any, bounds: Bounds) -> dict[str, float | None]:
    """Return the mean over the searches and its 95 % interval; None where a search has no architecture."""
    if np.isnan(values).any() or not len(values):
        return {"mean": None, "low": None, "high": None}
    low, high = interval(values.tolist(), bounds) if len(values) > 1 else (None, None)
    return {"mean": float(values.mean()), "low": low, "high": high}
