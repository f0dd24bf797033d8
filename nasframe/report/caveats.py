"""The caveats of a run: sentences beside the numbers that say less than they seem to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe.runs import Run
from nasframe.runtime import counted, format_names

__all__ = ["TOLD_APART", "metric_caveats", "run_caveats", "search_caveats"]


TOLD_APART = ("baselines", "caveats", "undefined_scores")
"""Keys of a `test.json` that are no metrics: tables and sentences of their own tell them."""


def run_caveats(run: Run) -> list[str]:
    """Return the caveats on the validation metrics of the search and of the final training."""
    record = run.record
    return [line for part in ("search", "train") for line in (record.get(part) or {}).get("caveats") or ()]


def search_caveats(run: Run) -> list[str]:
    """Return the caveats on the architecture that a search found: hardly decided, or not what is built."""
    record = run.record.get("search") or {}
    return [line for key in ("unmoved", "dealt") for line in record.get(key) or ()]


def metric_caveats(test: Mapping[str, Any]) -> list[str]:
    """Return the caveats on test metrics, those of baselines included, for the content of `test.json`."""
    lines = list(test.get("caveats") or ())
    undefined = test.get("undefined_scores") or ()
    if undefined:
        lines.append(
            f"{counted(len(undefined), 'example of the test split has', 'examples of the test split have')} "
            "no score, and so no decision: "
            f"{format_names(undefined)}. No scores are written."
        )
    for name, metrics in (test.get("baselines") or {}).items():
        lines += [f"{name}: {line}" for line in metrics.get("caveats") or () if line not in lines]
    return lines
