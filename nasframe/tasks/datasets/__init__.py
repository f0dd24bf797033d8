"""Data sets and loaders of PyTorch as a task: read by number, seeded item by item."""

from __future__ import annotations

from nasframe.tasks.datasets.dataset_split import DatasetSplit
from nasframe.tasks.datasets.dataset_task import DatasetTask

__all__ = ["DatasetSplit", "DatasetTask"]
