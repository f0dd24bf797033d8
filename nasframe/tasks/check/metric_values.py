"""The values of a task's metrics: finite or undefined, under names that the core does not use itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from nasframe.tasks.check.task_contract import TaskContract
from nasframe.tasks.task import Task

__all__ = ["check_metric_values", "is_number", "validation_metrics"]

_LOSS = "loss"
"""The key of the loss, beside the metrics."""


def validation_metrics(task: Task, outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Return the loss and the metrics of raw outputs on the validation split.

    Raises:
        ContractError: a metric is infinite, or has the name of the loss.
    """
    loss = float(task.loss(outputs, targets))
    metrics = task.metrics(outputs, targets)
    check_metric_values(metrics, TaskContract(task))
    return {_LOSS: loss, **metrics}


def check_metric_values(metrics: Mapping[str, float], contract: TaskContract) -> None:
    """Check that no metric is infinite or has the name of the loss.

    Raises:
        ContractError: with the name and the value of the first one.
    """
    function = contract.task.metrics
    if _LOSS in metrics:
        promise = f"metrics must leave the name {_LOSS!r} to the loss, which is recorded beside them"
        raise contract.violation(function, promise, f"{_LOSS!r}: {metrics[_LOSS]!r}")
    for name, value in metrics.items():
        if math.isinf(value):
            promise = "metrics must be finite, or NaN where undefined"
            raise contract.violation(function, promise, f"{name!r}: {value!r}")


def is_number(value: Any) -> bool:
    """Return True for a number of Python that is no truth value and that a float holds.

    >>> is_number(2), is_number(10**400), is_number(True)
    (True, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True
