"""The training of one network: batches of its splits, its outputs, and the epoch that is kept."""

from __future__ import annotations

from nasframe.training.batches import JoinedSplit, batches, number_of_batches
from nasframe.training.options import BaselineOptions, TrainOptions
from nasframe.training.outputs import collect_outputs
from nasframe.training.schedule import learning_rate
from nasframe.training.training import Training, read_training

__all__ = [
    "BaselineOptions",
    "JoinedSplit",
    "TrainOptions",
    "Training",
    "batches",
    "collect_outputs",
    "learning_rate",
    "number_of_batches",
    "read_training",
]
