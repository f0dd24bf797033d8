"""The numbers that a task fits on the validation split: finite ones alone, as decisions are made by them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from nasframe.tasks.check.task_contract import TaskContract
from nasframe.tasks.task import Task
from nasframe.tasks.values_in_words import value_in_words

__all__ = ["calibrated"]


def calibrated(task: Task, outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Return the calibration of a task, for finite outputs of the validation split.

    Raises:
        ContractError: it is not name → finite number.
    """
    contract, promise = TaskContract(task), "calibrate must return a dict from name to finite number"
    found = contract.call("calibrate", task.calibrate, outputs, targets)
    if not isinstance(found, Mapping):
        raise contract.violation(task.calibrate, promise, found)
    for name, value in found.items():
        if not isinstance(name, str) or not _is_finite(value):
            raise contract.violation(task.calibrate, promise, f"{name!r}: {value_in_words(value)}")
    return dict(found)


def _is_finite(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an int that no float holds
        return False
