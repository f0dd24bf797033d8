"""A small plugin for the tests of the commands: which of two streams is the louder one?"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from attrs import define, frozen
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe import Data, FileScorer, Split, Stage, StageContext, Task, TensorTask, hookimpl
from nasframe.options import option

LENGTH, FEATURES = 4, 6


def make(examples: int, seed: int) -> tuple[dict[str, Tensor], Tensor]:
    """Two streams of noise, the louder one named by the label."""
    random = torch.Generator().manual_seed(seed)
    noise = torch.rand(2, examples, LENGTH, FEATURES, generator=random)
    labels = torch.arange(examples) % 2
    noise[1] += labels[:, None, None] - 0.5
    return {"left": noise[0], "right": noise[1]}, labels


@define
class Streams(Task):
    """Tells which of two streams is the louder one."""

    score_meaning = "score: probability that the right stream is the louder one"
    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {"accuracy": (0.0, 1.0), "threshold": (0.0, 1.0)}
    file_endings = (".json",)

    examples: int = option(96, help="how many are made", ge=16)
    pause: float = option(0.0, help="seconds that every loss takes")

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        inputs = {"examples": self.examples, "seed": seed, "source": str(source)}
        return [Stage("make", inputs, lambda context: self._make(context, seed))]

    def _make(self, context: StageContext, seed: int) -> None:
        (context.out / "seed.json").write_text(json.dumps(seed), encoding="utf-8")

    def data(self, folders: Mapping[str, Path]) -> Data:
        seed = json.loads((folders["make"] / "seed.json").read_text(encoding="utf-8"))
        return TensorTask(*make(self.examples, seed)).data({})

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        time.sleep(self.pause)
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": float((outputs.argmax(-1) == targets).float().mean())}

    def calibrate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"threshold": 0.5}

    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        usual = Task.evaluate(self, outputs, split, calibration)
        return {**usual, "agreement": math.nan, "per_category": {"quiet": {"count": 3, "accuracy": 0.5}}}

    def file_scorer(
        self, network: nn.Module, saved: Path, calibration: Mapping[str, float], device: torch.device
    ) -> StreamScorer:
        return StreamScorer(network, calibration.get("threshold", 0.5), device)


@frozen
class StreamScorer(FileScorer):
    """Scores JSON files that hold two numbers."""

    network: nn.Module
    threshold: float
    device: torch.device

    def score(self, files: Sequence[Path]) -> Iterator[dict[str, Any]]:
        return map(self.score_file, files)

    def score_file(self, file: Path) -> dict[str, Any]:
        try:
            left, right = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            return {"file": str(file), "error": f"cannot be read: {error}"}
        shape = (1, LENGTH, FEATURES)
        inputs = {
            "left": torch.full(shape, left, device=self.device),
            "right": torch.full(shape, right, device=self.device),
        }
        with torch.no_grad():
            score = float(self.network(inputs).softmax(-1)[0, 1])
        decision = "right" if score >= self.threshold else "left"
        return {"file": str(file), "score": score, "threshold": self.threshold, "decision": decision}


@hookimpl
def register_tasks() -> dict[str, type[Task]]:
    return {"streams": Streams}


@hookimpl
def register_demos() -> dict[str, Path]:
    return {"streams": Path(__file__).with_name("streams.toml")}
