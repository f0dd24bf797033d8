"""The training of one network: batches of its splits, its outputs, and the epoch that is kept."""

from __future__ import annotations

from nasframe.training.batches import DrawnBatch, JoinedSplit, batches, in_order, number_of_batches
from nasframe.training.caveats import caveats_of
from nasframe.training.failures import Failures, Step
from nasframe.training.growing_parameters import GrowingParameters
from nasframe.training.named_modules import named_modules
from nasframe.training.options import BaselineOptions, TrainOptions
from nasframe.training.outputs import OutputError, check_inputs, collect_outputs
from nasframe.training.resident import resident
from nasframe.training.schedule import learning_rate
from nasframe.training.step_check import (
    StepCheck,
    checked_backward,
    checked_epoch,
    checked_gradients,
    steps_between_checks,
)
from nasframe.training.training import Training, read_training

__all__ = [
    "BaselineOptions",
    "DrawnBatch",
    "Failures",
    "GrowingParameters",
    "JoinedSplit",
    "OutputError",
    "Step",
    "StepCheck",
    "TrainOptions",
    "Training",
    "batches",
    "caveats_of",
    "check_inputs",
    "checked_backward",
    "checked_epoch",
    "checked_gradients",
    "collect_outputs",
    "in_order",
    "learning_rate",
    "named_modules",
    "number_of_batches",
    "read_training",
    "resident",
    "steps_between_checks",
]
