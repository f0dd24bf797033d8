"""A task whose loss and metrics follow from the kind of its targets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import torch
from attrs import define
from torch import Tensor

from nasframe.tasks.data import Split
from nasframe.tasks.scores import Scores
from nasframe.tasks.task import Task
from nasframe.tasks.tensors.target_kinds import TargetKind

__all__ = ["TargetTask"]


@define
class TargetTask(Task):
    """A task whose loss and metrics follow from the kind of its targets; a subclass says the kind."""

    @property
    @abstractmethod
    def target_kind(self) -> TargetKind:
        """The kind of the targets."""

    @property
    def objective(self) -> str:  # type: ignore[override]
        return self.target_kind.objective

    @property
    def bounds(self) -> Mapping[str, tuple[float, float]]:  # type: ignore[override]
        return self.target_kind.bounds

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self.target_kind.loss(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return the metrics, which are NaN where an output is not finite."""
        return self.target_kind.metrics(outputs, targets)

    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores | None:
        """Return the score of the second class, where there are two."""
        return self.target_kind.scores(outputs, split.batch(torch.arange(len(split))).targets)
