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
from nasframe.runs.documents import check_begun_record
from nasframe.runs.failure import FAILURE, failure_of, on_one_line
from nasframe.runs.folder import (
    OTHER_TESTS,
    RUN_FOLDERS,
    is_begun,
    partials,
    read_record,
    refuse_links_outside,
    require_utf8,
)
from nasframe.runs.metrics_file import cut_short
from nasframe.runs.missing_plugins import naming_missing_plugins
from nasframe.runs.plan_differences import differing_keys
from nasframe.runs.plugin_record import missing_plugins
from nasframe.runs.reading import reading_run
from nasframe.runs.run import REPLACE_IT, Run
from nasframe.runs.unfinished import UNFINISHED, Command, unfinished_commands

__all__ = [
    "FAILURE",
    "OTHER_TESTS",
    "REPLACE_IT",
    "RUN_FOLDERS",
    "UNFINISHED",
    "Checkpoint",
    "Command",
    "Run",
    "check_begun_record",
    "claimed",
    "cut_short",
    "differing_keys",
    "drop_checkpoint",
    "failure_of",
    "is_begun",
    "load_checkpoint",
    "load_optimiser",
    "missing_plugins",
    "naming_missing_plugins",
    "on_one_line",
    "optimiser_tensors",
    "partials",
    "read_record",
    "reading_run",
    "refuse_links_outside",
    "require_utf8",
    "save_checkpoint",
    "unfinished_commands",
]
