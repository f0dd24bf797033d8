"""Caveats of a sweep: sentences that say which conclusions its numbers support."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe.studies.shared_caveats import choice_caveats, failed_trials, few_seeds, trial_caveats

__all__ = ["sweep_caveats"]


def sweep_caveats(sweep: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each fact that a reader should know before believing a point of a sweep.

    Args:
        sweep: content of `sweep.json`.
    """
    failed = {trial["name"]: trial["error"] for trial in sweep["trials"] if trial["status"] != "done"}
    if [axis["key"] for axis in sweep["axes"]] == ["seed"]:
        seeds = ["Only the seed varies: its values are repetitions of one experiment, and none is chosen."]
    else:
        seeds = few_seeds(len(sweep["seeds"]), "intervals")
    return [*choice_caveats(sweep, "points"), *failed_trials(failed), *trial_caveats(sweep["trials"]), *seeds]
