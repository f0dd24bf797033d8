"""The values of a task's metrics: finite or undefined, under names that the core does not use itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from nasframe.runtime import shortest_number
from nasframe.tasks.check.task_contract import TaskContract
from nasframe.tasks.data import Split
from nasframe.tasks.task import Task

__all__ = ["check_metric_values", "checked_metrics", "evaluated", "is_number", "validation_metrics"]

_LOSS = "loss"
"""The key of the loss, beside the metrics."""


def validation_metrics(task: Task, outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Return the loss and the metrics of raw outputs on the validation split.

    Raises:
        ContractError: a metric is infinite, or has the name of the loss.
    """
    loss = shortest_number(float(task.loss(outputs, targets)))
    return {_LOSS: loss, **checked_metrics(task, outputs, targets)}


def checked_metrics(task: Task, outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Return the metrics of raw outputs.

    Raises:
        ContractError: a metric is infinite, or has the name of the loss.
    """
    metrics = task.metrics(outputs, targets)
    check_metric_values(metrics, TaskContract(task))
    return {name: _without_noise(value) for name, value in metrics.items()}


def evaluated(task: Task, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
    """Return the final metrics of raw outputs on the test split, which are NaN or None where undefined.

    Raises:
        ContractError: a number in them is infinite.
    """
    metrics = task.evaluate(outputs, split, calibration)
    for name, value in metrics.items():
        if _holds_infinity(value):
            promise = "evaluate must return finite metrics, NaN or None where undefined"
            raise TaskContract(task).violation(task.evaluate, promise, f"{name!r}: {value!r}")
    return {name: _without_noise(value) for name, value in metrics.items()}


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


def _without_noise(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_noise(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_noise(part) for part in value]
    return shortest_number(value) if isinstance(value, float) else value


def _holds_infinity(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_infinity, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_infinity, value))
    return isinstance(value, float) and math.isinf(value)
