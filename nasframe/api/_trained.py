"""A trained network among a run's checkpoints, with what was fitted on the validation split."""

from __future__ import annotations

import math
from typing import Any

from nasframe.files import without_nan
from nasframe.loops import Training
from nasframe.loops.checkpoint import Checkpoint, save_checkpoint
from nasframe.run import Run

__all__ = ["calibration_of", "train_and_save"]


def train_and_save(engine: Training, run: Run, name: str) -> dict[str, Any]:
    """Train a network and save its best epoch as the checkpoint `name`.

    Returns:
        What is saved beside the parameters: the engine's `key`, `calibration`, `best_epoch` and the
        `validation` metrics of that epoch.
    """
    calibration = engine.fit()
    values: dict[str, Any] = without_nan(
        {
            "key": engine.key,
            "calibration": calibration,
            "best_epoch": engine.best_epoch,
            "validation": engine.best_validation,
        }
    )
    save_checkpoint(run.checkpoints, name, Checkpoint(engine.network.state_dict(), values), 0)
    return values


def calibration_of(checkpoint: Checkpoint) -> dict[str, float]:
    """What the task fitted for this network; an undefined value is NaN again."""
    saved = checkpoint.values["calibration"]
    return {name: math.nan if value is None else value for name, value in saved.items()}
