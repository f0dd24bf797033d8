"""The modules that every worker of a study needs. This file imports none of them."""

from __future__ import annotations

__all__ = ["PRELOAD"]

PRELOAD = (
    *("nasframe.studies.variants.run_trial", "nasframe.studies.network_training.training_trial"),
    "nasframe.studies.comparison.ranking_trial",
    "nasframe.studies.loop_comparison.loop_trial",
    "torch._dynamo",  # which the first optimizer imports
)
"""Names of modules: they are imported once, for all workers."""
