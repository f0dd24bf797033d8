"""A task that keeps its promises, and some that each break one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import attrs
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe import (
    Batch,
    Data,
    Exported,
    FileScorer,
    Scores,
    Split,
    Splits,
    Stage,
    StageContext,
    Task,
    TensorSplit,
)
from nasframe.errors import DataError
from nasframe.options import option
from nasframe.testing import TaskSuite
from nasframe.testing.minimal_plugins import EveryInput


def numbers(context: StageContext) -> None:
    """Twenty-four numbers, which the next stage doubles."""
    (context.out / "numbers.txt").write_text(" ".join(map(str, range(24))))


def doubled(context: StageContext) -> None:
    text = (context.earlier["numbers"] / "numbers.txt").read_text()
    (context.out / "doubled.txt").write_text(" ".join(str(2 * int(word)) for word in text.split()))


@attrs.frozen
class Redrawing(TensorSplit):
    """Turns the inputs by an angle of its own in every epoch."""

    def redrawn(self, random: torch.Generator) -> Split:
        factor = torch.rand((), generator=random)
        return attrs.evolve(self, inputs={name: value * factor for name, value in self.inputs.items()})


@attrs.define
class Good(Task):
    """Is a number above the mean?"""

    score_meaning: ClassVar[str] = "score: above the mean"
    width: int = option(3, help="copies of the number")

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        return [
            Stage("numbers", {"count": 24, "seed": seed}, numbers),
            Stage("doubled", {}, doubled, after=["numbers"]),
        ]

    def data(self, folders: Mapping[str, Path]) -> Data:
        words = (folders["doubled"] / "doubled.txt").read_text().split()
        values = torch.tensor([float(word) for word in words])
        parts = [self.split(values[start::4], start) for start in range(4)]
        return Data({"x": (self.width,)}, 2, Splits(parts[0], parts[1], parts[2], lambda: parts[3]))

    def split(self, values: Tensor, start: int) -> Split:
        labels = (values > 23).long()
        names = [f"{start}/{index}" for index in range(len(values))]
        return Redrawing({"x": values[:, None].repeat(1, self.width) / 48}, labels, names, torch.ones(6) / 6)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": float((outputs.argmax(-1) == targets).float().mean())}

    def calibrate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"threshold": float(outputs.mean())}

    def baselines(self, data: Data) -> Mapping[str, Callable[[], nn.Module]]:
        return {"linear": lambda: EveryInput(data.inputs, data.outputs)}

    def save(self, folders: Mapping[str, Path], out: Path) -> None:
        (out / "width.txt").write_text(str(self.width))

    def file_scorer(self, network: nn.Module, saved: Path, *_: Any) -> FileScorer:
        return GoodScorer()


class GoodScorer(FileScorer):
    """Scores each file that is there."""

    def score(self, files: Sequence[Path]) -> Iterator[dict[str, Any]]:
        return map(self.record, files)

    def record(self, file: Path) -> dict[str, Any]:
        if file.exists():
            return {"file": str(file), "score": self.score_of(file)}
        return {"file": str(file), "error": "is not there"}

    def score_of(self, file: Path) -> float:
        return 0.5


class ScoresNoFiles(Good):
    score_meaning = ""

    def file_scorer(self, *_: Any) -> FileScorer:
        raise DataError("scores no files")


# -- stages ---------------------------------------------------------------------------------------------


class WithStages(Good):
    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        return self.change(*super().stages(source, seed))

    def change(self, first: Stage, second: Stage) -> Sequence[Stage]:
        return [first, second]


class SameName(WithStages):
    def change(self, first: Stage, second: Stage) -> Sequence[Stage]:
        return [first, attrs.evolve(second, name="numbers")]


class NoFolderName(WithStages):
    def change(self, first: Stage, second: Stage) -> Sequence[Stage]:
        return [first, attrs.evolve(second, name="all/doubled")]


class InputsOfNow(WithStages):
    def change(self, first: Stage, second: Stage) -> Sequence[Stage]:
        return [attrs.evolve(first, inputs={"now": time.time_ns()}), second]


class InputsNotJson(WithStages):
    def change(self, first: Stage, second: Stage) -> Sequence[Stage]:
        return [attrs.evolve(first, inputs={"rate": torch.tensor(0.1)}), second]


class WrongOrder(WithStages):
    def change(self, first: Stage, second: Stage) -> Sequence[Stage]:
        return [second, first]


class OtherFiles(WithStages):
    def change(self, first: Stage, second: Stage) -> Sequence[Stage]:
        def run(context: StageContext) -> None:
            numbers(context)
            (context.out / "noise").write_bytes(os.urandom(8))

        return [attrs.evolve(first, run=run), second]


class WritesElsewhere(WithStages):
    def change(self, first: Stage, second: Stage) -> Sequence[Stage]:
        def run(context: StageContext) -> None:
            doubled(context)
            (context.earlier["numbers"] / "more.txt").write_text("more")

        return [first, attrs.evolve(second, run=run)]


# -- data -----------------------------------------------------------------------------------------------


class WithSplits(Good):
    kind: ClassVar[type[Redrawing]]

    def split(self, values: Tensor, start: int) -> Split:
        found = super().split(values, start)
        return self.kind(**{item.name: getattr(found, item.name) for item in attrs.fields(Redrawing)})


class Overlapping(Good):
    def split(self, values: Tensor, start: int) -> Split:
        return super().split(values, min(start, 2))


class EmptySplit(Good):
    def split(self, values: Tensor, start: int) -> Split:
        return (
            TensorSplit({"x": torch.zeros(0, 3)}, torch.zeros(0).long(), [])
            if start == 2
            else super().split(values, start)
        )


class OtherShape(Good):
    def data(self, folders: Mapping[str, Path]) -> Data:
        return attrs.evolve(super().data(folders), inputs={"x": (self.width + 1,)})


class NotANumber(Good):
    def split(self, values: Tensor, start: int) -> Split:
        return super().split(values / 0, start)


class DottedName(Good):
    def data(self, folders: Mapping[str, Path]) -> Data:
        return attrs.evolve(super().data(folders), inputs={"x.y": (self.width,)})


class SortsItself(Redrawing):
    def batch(self, indices: Tensor) -> Batch:
        return TensorSplit.batch(self, indices.sort().values)


class Jitters(Redrawing):
    def batch(self, indices: Tensor) -> Batch:
        found = TensorSplit.batch(self, indices)
        return Batch(
            {name: value + torch.randn(value.shape) for name, value in found.inputs.items()}, found.targets
        )


class HandsOutItself(Redrawing):
    def batch(self, indices: Tensor) -> Batch:
        whole = torch.equal(indices, torch.arange(len(self)))
        return Batch(self.inputs, self.targets) if whole else TensorSplit.batch(self, indices)


class RedrawsByChance(Redrawing):
    def redrawn(self, random: torch.Generator) -> Split:
        return Redrawing.redrawn(self, torch.Generator().manual_seed(time.time_ns() % 2**31))


class RedrawsFewer(Redrawing):
    def redrawn(self, random: torch.Generator) -> Split:
        return attrs.evolve(
            self,
            targets=self.targets[1:],
            identifiers=self.identifiers[1:],
            inputs={"x": self.inputs["x"][1:]},
        )


class RedrawsInPlace(Redrawing):
    def redrawn(self, random: torch.Generator) -> Split:
        self.inputs["x"].mul_(torch.rand((), generator=random))
        return self


class Sorting(WithSplits):
    kind = SortsItself


class Jittering(WithSplits):
    kind = Jitters


class HandingOut(WithSplits):
    kind = HandsOutItself


class RedrawingByChance(WithSplits):
    kind = RedrawsByChance


class RedrawingFewer(WithSplits):
    kind = RedrawsFewer


class RedrawingInPlace(WithSplits):
    kind = RedrawsInPlace


class NegativeWeights(Good):
    def split(self, values: Tensor, start: int) -> Split:
        found: Any = super().split(values, start)
        return attrs.evolve(found, sampling_weights=torch.arange(6.0) - 1)


class Peeks(Good):
    """Looks at the test split while it is searched."""

    peeked: ClassVar[list[Data]] = []

    def data(self, folders: Mapping[str, Path]) -> Data:
        found = super().data(folders)

        class Curious(Redrawing):
            def redrawn(self, random: torch.Generator) -> Split:
                Peeks.opened()
                return self

        weights: Any = found.splits.weights
        values = {item.name: getattr(weights, item.name) for item in attrs.fields(Redrawing)}
        return attrs.evolve(found, splits=attrs.evolve(found.splits, weights=Curious(**values)))

    @staticmethod
    def opened() -> None:
        """Stands for a loop that opens the split it was given."""
        import inspect

        for frame in inspect.stack():
            data = getattr(frame.frame.f_locals.get("self"), "data", None)
            if isinstance(data, Data):
                data.splits.test()


# -- numbers --------------------------------------------------------------------------------------------


class LossOfEach(Good):
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets, reduction="none")


class LossWithoutGradient(Good):
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs.argmax(-1) != targets).float().mean()


class LossNotFinite(Good):
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return super().loss(outputs, targets).log().log()


class WithoutObjective(Good):
    objective = "auc"


class MetricsAsTensors(Good):
    def metrics(self, outputs: Tensor, targets: Tensor) -> Any:
        return {"accuracy": (outputs.argmax(-1) == targets).float().mean()}


class MetricsOfManyOnly(Good):
    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        assert len(targets.unique()) == 2
        return super().metrics(outputs, targets)


class CalibratesATensor(Good):
    def calibrate(self, outputs: Tensor, targets: Tensor) -> Any:
        return {"threshold": outputs.mean()}


class EvaluatesATensor(Good):
    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        return {"accuracy": torch.tensor(0.5)}


class ScoresOfABatch(Good):
    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores:
        return Scores(outputs[:1, 0], torch.zeros(1))


class ScoresWithoutLabels(Good):
    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores:
        return Scores(outputs[:, 0], torch.full((len(outputs),), 2))


# -- networks and files ---------------------------------------------------------------------------------


class OneBaseline(Good):
    def baselines(self, data: Data) -> Mapping[str, Callable[[], nn.Module]]:
        network = EveryInput(data.inputs, data.outputs)
        return {"linear": lambda: network}


class NarrowBaseline(Good):
    def baselines(self, data: Data) -> Mapping[str, Callable[[], nn.Module]]:
        return {"linear": lambda: EveryInput(data.inputs, 1)}


class CountsInText(Good):
    def frozen_parameters(self, saved: Path) -> Any:
        return (saved / "width.txt").read_text()


class WithScorer(Good):
    """A task whose scorer is of the class `Scorer`."""

    Scorer: ClassVar[type[FileScorer]]

    def file_scorer(self, *_: Any) -> FileScorer:
        return self.Scorer()


class StopsAtAMissingFile(WithScorer):
    class Scorer(GoodScorer):
        def record(self, file: Path) -> dict[str, Any]:
            return {"file": str(file), "score": float(file.read_text())}


class LeavesMissingFilesOut(WithScorer):
    class Scorer(GoodScorer):
        def score(self, files: Sequence[Path]) -> Iterator[dict[str, Any]]:
            return super().score([file for file in files if file.exists()])


class ScoresByChance(WithScorer):
    class Scorer(GoodScorer):
        def score_of(self, file: Path) -> float:
            return float(time.time_ns())


class ScoresOneThreadAtATime(WithScorer):
    class Scorer(GoodScorer):
        def __init__(self) -> None:
            self.files: Sequence[Path] = ()

        def score(self, files: Sequence[Path]) -> Iterator[dict[str, Any]]:
            self.files = files  # which another call replaces
            for place in range(len(files)):
                yield self.record(self.files[place])


class NamesNoColumn(WithScorer):
    class Scorer(GoodScorer):
        def record(self, file: Path) -> dict[str, Any]:
            return {**super().record(file), "loudness": 0.5}


class ExportsOneExample(Good):
    def exported(self, *arguments: Any) -> Exported:
        found = super().exported(*arguments)
        return attrs.evolve(found, example={name: value[:1] for name, value in found.example.items()})


@attrs.define
class NoHelp(Good):
    depth: int = 3


class Suite(TaskSuite):
    files = (Path(__file__),)


class TestNothing(TaskSuite):
    """Without a `make`."""


def suite(kind: Any) -> type[TaskSuite]:
    """The suite on one of the classes above."""
    return type(f"Test{kind.__name__}", (Suite,), {"make": lambda self: kind()})


for _kind in [item for item in vars().values() if isinstance(item, type) and issubclass(item, Good)]:
    vars()[f"Test{_kind.__name__}"] = suite(_kind)
