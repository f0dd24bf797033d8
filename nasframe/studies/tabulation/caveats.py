"""Caveats of a table: sentences that say which conclusions its numbers support."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe.runtime import counted
from nasframe.studies.shared_caveats import failed_trials

__all__ = ["table_caveats"]

_MANY_ARCHITECTURES = 50
"""With fewer in a table, a percentile is a step of 2 % or more."""


def table_caveats(table: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each fact that a reader should know before believing a table of a space.

    Args:
        table: the record of a table.
    """
    count, trainings = table["count"], table.get("trainings") or [{}]
    whole = count in (table["space_size"], table.get("networks"))
    lines = failed_trials(table["failed"])
    if count < _MANY_ARCHITECTURES and not whole:
        lines.append(
            f"{counted(count, 'architecture is', 'architectures are')} few: below {_MANY_ARCHITECTURES}, "
            "the quantiles at the ends, the best of them, and percentiles in this table say little about the "
            "space."
        )
    if len(trainings) > 1:
        return lines
    lines.append(
        f"Each architecture was trained once (seed {table['seed']}), so two that are close may change places "
        "with another seed."
    )
    return lines
