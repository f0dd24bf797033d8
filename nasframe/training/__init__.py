"""The training of one network: batches of its splits, its outputs, and the epoch that is kept."""

from __future__ import annotations

from nasframe.training.batches import DrawnBatch, JoinedSplit, batches, number_of_batches
from nasframe.training.caveats import caveats_of
from nasframe.training.options import BaselineOptions, TrainOptions
from nasframe.training.outputs import OutputError, check_inputs, collect_outputs
from nasframe.training.schedule import learning_rate
from nasframe.training.step_check import StepCheck, checked_epoch, clip_gradients, steps_between_checks
from nasframe.training.step_failure import (
    GrowingParameters,
    kept_state,
    loss_of,
    step_failure,
)
from nasframe.training.training import Training, read_training

__all__ = [
    "BaselineOptions",
    "DrawnBatch",
    "GrowingParameters",
    "JoinedSplit",
    "OutputError",
    "StepCheck",
    "TrainOptions",
    "Training",
    "batches",
    "caveats_of",
    "check_inputs",
    "checked_epoch",
    "clip_gradients",
    "collect_outputs",
    "kept_state",
    "learning_rate",
    "loss_of",
    "number_of_batches",
    "read_training",
    "step_failure",
    "steps_between_checks",
]
