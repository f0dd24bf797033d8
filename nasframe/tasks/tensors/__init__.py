"""Data that a user has, as a task: inputs, labels and splits, taken as they are meant or refused in words."""

from __future__ import annotations

from nasframe.tasks.tensors.tensor_split import TensorSplit
from nasframe.tasks.tensors.tensor_task import TensorTask

__all__ = ["TensorSplit", "TensorTask"]
