"""The facts of a task and its data that a run records, for its page."""

from __future__ import annotations

from typing import Any

from nasframe.tasks import Data, Task

__all__ = ["task_facts"]


def task_facts(task: Task, data: Data) -> dict[str, Any]:
    """Return what every task gives, JSON-able: `objective`, the shape of each of `inputs`, the number of
    `outputs`, and the number of `examples` of each split but the test split, which stays closed."""
    open_splits = ("weights", "architecture", "validation")
    return {
        "objective": task.objective,
        "inputs": {name: list(shape) for name, shape in data.inputs.items()},
        "outputs": data.outputs,
        "examples": {name: len(getattr(data.splits, name)) for name in open_splits},
    }
