"""The record of a run: its folder, the claim on it, its metrics and checkpoints."""

from __future__ import annotations

from nasframe.runs.checkpoint import (
    Checkpoint,
    drop_checkpoint,
    load_checkpoint,
    load_optimiser,
    optimiser_tensors,
    save_checkpoint,
)
from nasframe.runs.claim import claimed
from nasframe.runs.folder import partials, refuse_links_outside, require_utf8
from nasframe.runs.missing_plugins import naming_missing_plugins
from nasframe.runs.reading import reading_run
from nasframe.runs.run import Run

__all__ = [
    "Checkpoint",
    "Run",
    "claimed",
    "drop_checkpoint",
    "load_checkpoint",
    "load_optimiser",
    "naming_missing_plugins",
    "optimiser_tensors",
    "partials",
    "reading_run",
    "refuse_links_outside",
    "require_utf8",
    "save_checkpoint",
]
