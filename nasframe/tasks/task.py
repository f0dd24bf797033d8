"""The contract of a task: data in four splits, a loss, metrics, and the stages that prepare them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from nasframe.errors import DataError
from nasframe.tasks.baseline import Baseline
from nasframe.tasks.data import Data, Scores, Split
from nasframe.tasks.stages import Stage

__all__ = ["Task"]


class Task(ABC):
    """What is learned. Subclasses are attrs classes; their fields are the options.

    Order of calls: `stages`, each stage run or skipped by the core; `data` with their folders; `loss`
    and `metrics` during search and training; `calibrate` on the validation split; `save`; then, maybe
    in another process, `evaluate` on the test split and `predict` on files.
    """

    objective: ClassVar[str] = "accuracy"
    """The metric that chooses the epoch; larger is better."""

    score_meaning: ClassVar[str] = ""
    """What a score of `predict` means, and in which direction; empty where files cannot be scored."""

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        """Steps to run before `data`, in order. `source` is the user's data, None for the task's own."""
        return ()

    @abstractmethod
    def data(self, folders: Mapping[str, Path]) -> Data:
        """Shapes and splits, read from the folders that the stages wrote."""

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss, a scalar, of raw outputs `(batch, outputs)`."""

    @abstractmethod
    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Metrics of raw outputs; holds `objective`. An undefined metric is NaN."""

    def calibrate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """What is fitted on the validation split and used by `evaluate` and `predict`."""
        return {}

    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        """The final, JSON-able metrics of raw outputs on the test split."""
        targets = split.batch(torch.arange(len(split))).targets
        return dict(self.metrics(outputs, targets))

    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores | None:
        """The score of each example, for the report's curves; None where there are not two classes.

        `outputs` are raw and in the order of the split; `evaluate` stores what comes back as `scores.json`.
        """
        return None

    def baselines(self, data: Data) -> Mapping[str, Baseline | Callable[[], nn.Module]]:
        """Return networks to measure a searched one against: name → `Baseline`, or a function that makes one.

        Each is made untrained, takes the inputs by name, gives raw outputs, and is trained as the searched
        network is. The `Baseline` of one that looks at a single stream says so: a comparison shows the best
        of these.
        """
        return {}

    def save(self, folders: Mapping[str, Path], out: Path) -> None:  # noqa: B027
        """Put into `out` (a folder of the run) what `predict` and `frozen_parameters` will need."""

    def frozen_parameters(self, saved: Path) -> int:
        """Parameters of frozen networks in front of the searched one, given the folder `save` filled."""
        return 0

    def predict(
        self,
        network: nn.Module,
        files: Sequence[Path],
        saved: Path,
        calibration: Mapping[str, float],
        device: torch.device,
    ) -> Iterator[dict[str, Any]]:
        """For each file, in order: `file` and either the result or `error`."""
        raise DataError(f"{type(self).__name__} scores no files")
