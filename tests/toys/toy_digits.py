"""scikit-learn's digits as a task of two modalities, left and right half, made by a stage."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from attrs import define
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe import Baseline, Data, Stage, StageContext, Task, TensorTask, hookimpl
from nasframe.errors import DataError


def halves(images: Any) -> dict[str, Tensor]:
    """Left and right half of images of 8 × 8 numbers, as numbers from 0 to 1."""
    pixels = torch.tensor(images, dtype=torch.float32) / 16
    return {"left": pixels[:, :, :4], "right": pixels[:, :, 4:]}


def digits(examples: int) -> TensorTask:
    """The first digits as a task in memory."""
    found = load_digits()
    return TensorTask(halves(found.images[:examples]), torch.tensor(found.target[:examples]))


@define
class Digits(Task):
    """The first digits, left and right half; made by a stage, so that runs can be opened again."""

    examples: int = 200

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        if source is not None and not source.exists():
            raise DataError(f"{source} is not there")
        inputs = {"examples": self.examples, "source": None if source is None else source.read_text()}
        return [Stage("digits", inputs, self._save)]

    def _save(self, context: StageContext) -> None:
        found = load_digits()
        (context.out / "data.json").write_text(
            json.dumps([found.images[: self.examples].tolist(), found.target[: self.examples].tolist()])
        )

    def data(self, folders: Mapping[str, Path]) -> Data:
        images, labels = json.loads((folders["digits"] / "data.json").read_text())
        return TensorTask(halves(images), torch.tensor(labels)).data({})

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": float((outputs.argmax(-1) == targets).float().mean())}

    def baselines(self, data: Data) -> dict[str, Baseline]:
        return {"left alone": Baseline(LeftAlone, single_stream=True)}


class LeftAlone(nn.Module):
    """A linear classifier of the left half."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(32, 10)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        output: Tensor = self.linear(inputs["left"].flatten(1))
        return output


class OpenedTestSplitError(AssertionError):
    """Raised by a test split that nobody may open."""


@define
class Sealed(Digits):
    """Digits whose test split raises."""

    def data(self, folders: Mapping[str, Path]) -> Data:
        def raises() -> Any:
            raise OpenedTestSplitError

        found = Digits.data(self, folders)
        return attrs.evolve(found, splits=attrs.evolve(found.splits, test=raises))


class Plugin:
    """Registers both."""

    @hookimpl
    def register_tasks(self) -> dict[str, Any]:
        return {"digits": Digits, "sealed": Sealed}
