"""A task that brings networks to measure against, and an operation that fails when it is trained."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from attrs import define
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe import Baseline, Data, Operation, Split, Stage, StageContext, Task, TensorTask, hookimpl
from nasframe.errors import DataError
from nasframe.options import option


class Flat(nn.Module):
    """One layer on some inputs."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names
        self.output = nn.Linear(6 * len(names), 2)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        output: Tensor = self.output(torch.cat([inputs[name].flatten(1) for name in self.names], 1))
        return output


class Fragile(Operation):
    """Can be built, and cannot be trained."""

    arity = 2

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if self.training and torch.is_grad_enabled():
            raise DataError("too fragile to be trained")
        return x + y


@define
class Pairs(Task):
    """Tells which of two noisy rows is the larger one."""

    examples: int = option(100, help="how many are made")

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        lines = None if source is None else source.read_text(encoding="utf-8")
        inputs = {"examples": self.examples, "seed": seed, "lines": lines}
        return [Stage("pairs", inputs, lambda context: self._make(context, seed))]

    def _make(self, context: StageContext, seed: int) -> None:
        (context.out / "seed.json").write_text(json.dumps(seed), encoding="utf-8")

    def data(self, folders: Mapping[str, Path]) -> Data:
        seed = json.loads((folders["pairs"] / "seed.json").read_text(encoding="utf-8"))
        rows = torch.rand(2, self.examples, 2, 3, generator=torch.Generator().manual_seed(seed))
        labels = torch.arange(self.examples) % 2
        rows[1] += (labels[:, None, None] - 0.5) / 2
        return TensorTask({"left": rows[0], "right": rows[1]}, labels).data({})

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        chances = outputs.softmax(-1).gather(1, targets[:, None])
        return {
            "accuracy": float((outputs.argmax(-1) == targets).float().mean()),
            "confidence": float(chances.mean()),
        }

    def calibrate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"threshold": 0.5}

    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        return {**Task.evaluate(self, outputs, split, calibration), **calibration, "agreement": math.nan}

    def baselines(self, data: Data) -> Mapping[str, Baseline]:
        return {
            "left alone": Baseline(lambda: Flat("left"), single_stream=True),
            "right alone": Baseline(lambda: Flat("right"), single_stream=True),
            "concatenation": Baseline(lambda: Flat("left", "right")),
        }


@hookimpl
def register_tasks() -> dict[str, type[Task]]:
    return {"pairs": Pairs}


@hookimpl
def register_operations() -> dict[str, type[Operation]]:
    return {"fragile": Fragile}
