"""A task is probed before any work: a broken promise is named with plugin, file and line."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import nasframe
from nasframe import Batch, Data, Experiment, Scores, Split, Splits, Stage, Task, TensorSplit, hookimpl
from nasframe.cli import main
from nasframe.errors import ContractError, DataError
from nasframe.plugins import PluginManager
from nasframe.runtime import SILENT
from nasframe.tasks import (
    calibrated,
    check_test_targets,
    checked_data,
    checked_stages,
    make_each_once,
    named_baselines,
    open_test_split,
    run_stages,
)
from nasframe.training import Training
from tests.testing.plugins import tasks as suite_tasks
from tests.toys.toy_digits import Digits
from tests.toys.toy_pairs import Pairs
from tests.toys.toy_streams import Streams
from tests.toys.toy_sums import Sums

HERE = Path(__file__)


@attrs.frozen
class Right(Task):
    """Which of two streams is the louder one?"""

    def data(self, folders: Mapping[str, Path]) -> Data:
        return Data({"x": (4, 3), "y": (4, 3)}, 2, Splits(*self.splits()))

    def splits(self) -> tuple[Any, Any, Any, Any]:
        weights, architecture, validation, test = (self.split(number) for number in range(4))
        return weights, architecture, validation, lambda: test

    def split(self, number: int) -> Any:
        noise = torch.rand(2, 12, 4, 3, generator=torch.Generator().manual_seed(number))
        inputs = {"x": noise[0], "y": noise[1]}
        return TensorSplit(inputs, torch.arange(12) % 2, [f"{number}/{row}" for row in range(12)])

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": float((outputs.argmax(-1) == targets).float().mean())}


def changed(split: Any, **changes: Any) -> Any:
    """A split whose batches are changed by functions of them."""

    class Changed(TensorSplit):
        def batch(self, indices: Tensor) -> Any:
            found = super().batch(indices)
            return attrs.evolve(found, **{name: change(found) for name, change in changes.items()})

    return Changed(split.inputs, split.targets, split.identifiers)


# -- wrong tasks: class → words of the message ------------------------------------------------------------

WRONG: dict[type[Task], str] = {}


def wrong(words: str) -> Any:
    def note(kind: type[Task]) -> type[Task]:
        WRONG[kind] = words
        return kind

    return note


@wrong(
    "loss must return a scalar, the mean over the batch, found a tensor (12,) of torch.float32 for outputs"
)
class LossOfEach(Right):
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets, reduction="none")


@wrong("loss must depend on the outputs, with a gradient, found a number without one")
class LossDetached(Right):
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return super().loss(outputs, targets).detach()


@wrong("loss must depend on the outputs, with a gradient, found none with respect to them")
class LossOfSomethingElse(Right):
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return torch.ones((), requires_grad=True) * 2


@wrong("loss must depend on the outputs, found a gradient of zeros")
class LossOfNothing(Right):
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs * 0).sum()


@wrong("loss must return a scalar tensor, found None")
class LossNone(Right):
    def loss(self, outputs: Tensor, targets: Tensor) -> Any:
        super().loss(outputs, targets)


@wrong("loss must return a scalar tensor, found 0.5")
class LossOfPython(Right):
    def loss(self, outputs: Tensor, targets: Tensor) -> Any:
        return 0.5


@wrong("loss must be finite, found nan")
class LossNotANumber(Right):
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return super().loss(outputs, targets) * torch.nan


@wrong("loss must be the same for the same outputs, found ")
class LossByChance(Right):
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return super().loss(outputs, targets) * torch.rand(())


@wrong("loss must leave the targets as they are, found they changed in place")
class LossInPlace(Right):
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return super().loss(outputs, targets.mul_(0))


@wrong("loss raised ZeroDivisionError: ")
class LossRaises(Right):
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return outputs.sum() / (1 // 0)


@wrong("is out of bounds. (")
class LabelsBeyondOutputs(Right):
    def split(self, number: int) -> Any:
        found = super().split(number)
        return attrs.evolve(found, targets=torch.arange(12) % 4)


@wrong("it was given outputs (12, 2), targets a tensor (12,) of torch.float32")
class LabelsAsFloats(Right):
    def split(self, number: int) -> Any:
        found = super().split(number)
        return attrs.evolve(found, targets=found.targets.float())


@wrong("metrics must return a dict from name to number, found 'accuracy': a tensor () of torch.float32")
class MetricsAsTensors(Right):
    def metrics(self, outputs: Tensor, targets: Tensor) -> Any:
        return {"accuracy": (outputs.argmax(-1) == targets).float().mean()}


@wrong("metrics must return a dict from name to number, found 'accuracy': a float32")
class MetricsOfNumPy(Right):
    def metrics(self, outputs: Tensor, targets: Tensor) -> Any:
        return {"accuracy": np.float32(0.5)}


@wrong("metrics must return a dict from name to number, found 0.5")
class MetricsAsANumber(Right):
    def metrics(self, outputs: Tensor, targets: Tensor) -> Any:
        return super().metrics(outputs, targets)["accuracy"] * 0 + 0.5


@wrong("metrics must hold the objective of the task, 'accuracy', found acc")
class MetricsWithoutObjective(Right):
    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"acc": 1.0}


@wrong("metrics must return a dict from name to number, found 'accuracy': an int")
class MetricsBeyondFloats(Right):
    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": 10**400}


@wrong("metrics must be finite, or NaN where undefined, found 'odds': -inf")
class MetricsInfinite(Right):
    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {**super().metrics(outputs, targets), "odds": -float("inf")}


@wrong("metrics must leave the name 'loss' to the loss, which is recorded beside them, found 'loss': 0.1")
class MetricsNamedLoss(Right):
    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {**super().metrics(outputs, targets), "loss": 0.1}


@wrong("the metric 'accuracy' must lie within its `bounds`, 0 to 1, found 50")
class MetricsOutOfBounds(Right):
    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": 50.0}


@wrong("the objective 'accuracy' must be a number on a validation split of several classes, found NaN")
class MetricsNotANumber(Right):
    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": float("nan")}


@wrong("metrics raised KeyError: 'accuracies' (")
class MetricsRaise(Right):
    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": dict[str, float]()["accuracies"]}


@wrong("the split weights: batch must hold 12 targets for 12 examples, found a tensor (11,) of torch.int64")
class TargetsTooFew(Right):
    def split(self, number: int) -> Any:
        return changed(super().split(number), targets=lambda found: found.targets[1:])


@wrong("the split weights: batch must hold the targets as a tensor, found a list")
class TargetsAsAList(Right):
    def split(self, number: int) -> Any:
        return changed(super().split(number), targets=lambda found: found.targets.tolist())


@wrong("batch must hold the targets on the CPU, where metrics are computed, found meta")
class TargetsElsewhere(Right):
    def split(self, number: int) -> Any:
        return changed(super().split(number), targets=lambda found: found.targets.to("meta"))


@wrong(
    "the targets of all splits must be alike; those of the weights are a tensor (12,) of torch.int64, found a"
)
class TargetsOfTwoKinds(Right):
    def split(self, number: int) -> Any:
        found = super().split(number)
        return attrs.evolve(found, targets=found.targets[:, None]) if number == 1 else found


def with_x(split: Any, change: Any) -> Any:
    return changed(split, inputs=lambda found: {**found.inputs, "x": change(found.inputs["x"])})


@wrong(
    "batch must hold input 'x' in the shape that data announced, (12, 4, 3) for 12 examples, found (12, 3, 4)"
)
class InputsOfAnotherShape(Right):
    def split(self, number: int) -> Any:
        return with_x(super().split(number), lambda x: x.transpose(1, 2))


@wrong("batch must hold input 'x' as torch.float32, as networks compute, found torch.float64")
class InputsOfAnotherType(Right):
    def split(self, number: int) -> Any:
        return with_x(super().split(number), Tensor.double)


@wrong("batch must hold input 'x' as a dense tensor with values, found on the meta device")
class InputsElsewhere(Right):
    def split(self, number: int) -> Any:
        return with_x(super().split(number), lambda x: x.to("meta"))


@wrong("batch must hold tensors; input 'x', found a NumPy array (12, 4, 3) of float32")
class InputsOfNumPy(Right):
    def split(self, number: int) -> Any:
        return with_x(super().split(number), Tensor.numpy)


@wrong("batch must hold finite numbers in input 'x', found NaN or infinity in row 3 (example '0/3')")
class InputsNotANumber(Right):
    def split(self, number: int) -> Any:
        found = super().split(number)
        found.inputs["x"][3, 1, 1] = torch.nan
        return found


@wrong("batch must hold the inputs that data announced, x, y, found x")
class InputsMissing(Right):
    def split(self, number: int) -> Any:
        return changed(super().split(number), inputs=lambda found: {"x": found.inputs["x"]})


class Tuples(TensorSplit):
    def batch(self, indices: Tensor) -> Any:
        return self.inputs, self.targets


@wrong("the split weights: batch must return a nasframe.Batch, found a tuple")
class BatchAsATuple(Right):
    def split(self, number: int) -> Any:
        found = super().split(number)
        return Tuples(found.inputs, found.targets, found.identifiers)


class Raising(TensorSplit):
    def batch(self, indices: Tensor) -> Batch:
        raise LookupError("no such clip")


@wrong("the split weights: batch raised LookupError: no such clip (")
class BatchRaises(Right):
    def split(self, number: int) -> Any:
        found = super().split(number)
        return Raising(found.inputs, found.targets, found.identifiers)


class Endless:
    """A split without a length."""

    def batch(self, indices: Tensor) -> None: ...


@wrong("the split weights must have a length, found an Endless without")
class SplitWithoutLength(Right):
    def split(self, number: int) -> Any:
        return Endless()


@wrong("the split weights must be a nasframe.Split, found a generator")
class SplitAsAGenerator(Right):
    def split(self, number: int) -> Any:
        return (row for row in range(12))


@wrong("the split architecture must hold at least one example, found 0")
class SplitEmpty(Right):
    def split(self, number: int) -> Any:
        found = super().split(number)
        return TensorSplit({"x": torch.zeros(0)}, torch.zeros(0), []) if number == 1 else found


@wrong("the split weights must name each of its 12 examples, found 11 names")
class NamesTooFew(Right):
    def split(self, number: int) -> Any:
        found = super().split(number)
        return attrs.evolve(found, identifiers=found.identifiers[1:])


@wrong("the split weights must name each example differently, found 'clip' twice")
class NamesTwice(Right):
    def split(self, number: int) -> Any:
        return attrs.evolve(super().split(number), identifiers=["clip"] * 12)


@wrong("no two splits may share an example, found '0/0' in weights and in architecture")
class NamesInTwoSplits(Right):
    def split(self, number: int) -> Any:
        return super().split(0 if number == 1 else number)


@wrong("sampling_weights must be None or a tensor (12,), found a list")
class WeightsAsAList(Right):
    def split(self, number: int) -> Any:
        return attrs.evolve(super().split(number), sampling_weights=[1.0] * 12)


@wrong("data must return nasframe.Data, found None")
class DataNone(Right):
    def data(self, folders: Mapping[str, Path]) -> Any:
        super().data(folders)


@wrong("data must return nasframe.Data, found a tuple")
class DataAsATuple(Right):
    def data(self, folders: Mapping[str, Path]) -> Any:
        found = super().data(folders)
        return found.inputs, found.outputs, found.splits


@wrong("data must return nasframe.Data, found a generator")
class DataAsAGenerator(Right):
    def data(self, folders: Mapping[str, Path]) -> Any:
        yield super().data(folders)


@wrong("data raised FileNotFoundError: ")
class DataMissing(Right):
    def data(self, folders: Mapping[str, Path]) -> Any:
        Path("no such file").read_bytes()


@wrong("the number of outputs must be an int from 1, found an int64")
class OutputsOfNumPy(Right):
    def data(self, folders: Mapping[str, Path]) -> Data:
        return attrs.evolve(super().data(folders), outputs=np.int64(2))


@wrong("the shape of input 'x' must be whole numbers from 1, found (0, 3)")
class ShapeOfNothing(Right):
    def data(self, folders: Mapping[str, Path]) -> Data:
        return attrs.evolve(super().data(folders), inputs={"x": (0, 3)})


@wrong("splits.test must be a function that opens the test split, found a TensorSplit")
class OpenTestSplit(Right):
    def splits(self) -> Any:
        return tuple(self.split(number) for number in range(4))


@wrong("calibrate must return a dict from name to finite number, found None")
class CalibratesNothing(Right):
    def calibrate(self, outputs: Tensor, targets: Tensor) -> Any:
        return None


@wrong("calibrate must return a dict from name to finite number, found 'threshold': an int")
class CalibratesBeyondFloats(Right):
    def calibrate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"threshold": 10**400}


@wrong("evaluate must return a dict that JSON can hold, found 'of each': a tensor (12, 2) of torch.float32")
class EvaluatesTensors(Right):
    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        return {**super().evaluate(outputs, split, calibration), "of each": outputs}


@wrong("scores must hold log_odds (12,), one an example, found a tensor (1,) of torch.float32")
class ScoresTooFew(Right):
    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores:
        return Scores(outputs[:1, 0], torch.zeros(1))


@wrong("scores must hold labels 0 and 1, found 2")
class ScoresOfThreeClasses(Right):
    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores:
        return Scores(outputs[:, 0], torch.full((len(outputs),), 2))


@wrong("scores must hold negative as a text, found 3")
class ScoresOfANumber(Right):
    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores:
        return Scores(outputs[:, 0], torch.zeros(len(outputs)), negative=3)  # type: ignore[arg-type]


@wrong("scores must hold a category as a text, found None")
class ScoresOfNoCategory(Right):
    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores:
        return Scores(outputs[:, 0], torch.zeros(len(outputs)), categories=["a", None] * 6)  # type: ignore[list-item]


@wrong("scores must hold the threshold as a number, found None")
class ScoresWithoutThreshold(Right):
    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores:
        return Scores(outputs[:, 0], torch.zeros(len(outputs)), threshold=None)  # type: ignore[arg-type]


@wrong("evaluate must return the objective of the task, 'accuracy', as a number or None, found x alone")
class EvaluatesAnotherMetric(Right):
    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        return {"x": 1.0}


@wrong("evaluate must return the objective of the task, 'accuracy', as a number or None, found 'good'")
class EvaluatesToAText(Right):
    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        return {"accuracy": "good"}


def nested(value: Any) -> Any:
    for _ in range(100_000):
        value = {"in": value}
    return value


@wrong("evaluate must return a dict that JSON can hold, found 'deep': ")
class EvaluatesTooDeep(Right):
    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        return {"accuracy": 1.0, "deep": nested(1)}


@wrong("the inputs of the stage 'one' must be what JSON can hold, found ")
class StageTooDeep(Right):
    def stages(self, source: Path | None, seed: int) -> Any:
        return [nasframe.Stage("one", {"deep": nested(1)}, print)]


@wrong("calibrate must return a dict from name to finite number, found 'threshold': nan")
class CalibratesToNan(Right):
    def calibrate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"threshold": float("nan")}


@wrong("calibrate must return a dict from name to finite number, found 'threshold': -inf")
class CalibratesToInfinity(Right):
    def calibrate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"threshold": float("-inf")}


@wrong("stages must return a sequence of nasframe.Stage, found a generator")
class StagesAsAGenerator(Right):
    def stages(self, source: Path | None, seed: int) -> Any:
        yield nasframe.Stage("one", {}, print)


@wrong(
    "stages must return the same names and inputs at every call, or nothing is found again, found other ones"
)
class StagesOfNow(Right):
    def stages(self, source: Path | None, seed: int) -> Any:
        return [nasframe.Stage("one", {"chance": random.SystemRandom().random()}, print)]


@pytest.fixture
def begun(plugins: PluginManager) -> Iterator[list[str]]:
    """Notes every search that begins; the wrong tasks are registered."""
    found: list[str] = []

    class Plugin:
        @hookimpl
        def register_tasks(self) -> dict[str, Any]:
            return {kind.__name__: kind for kind in WRONG}

        @hookimpl
        def search_started(self) -> None:
            found.append("begun")

    plugins.register(Plugin(), "mine")
    return found


@pytest.mark.parametrize("kind", WRONG, ids=lambda kind: kind.__name__)
def test_a_wrong_task_is_refused_before_the_search_in_python_and_by_the_command(
    kind: type[Task], begun: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ContractError) as caught:
        nasframe.search(Experiment.of(task=kind(), space="bimodal", device="cpu", cache=home / "cache"))
    message = str(caught.value)
    assert message.startswith(f"task {kind.__name__!r} of plugin 'mine' ({HERE}) breaks the contract of ")
    assert WRONG[kind] in message
    assert f"({HERE}, line " in message
    (home / "wrong.toml").write_text(
        f'device = "cpu"\ncache = "cache"\n[task]\nname = "{kind.__name__}"\n[space]\nname = "bimodal"\n'
    )
    assert main(["search", "wrong.toml", "--out", "run"]) == 2
    assert WRONG[kind] in capsys.readouterr().err
    assert not (home / "run" / "run.json").exists()
    assert begun == []


OF_THE_SUITE = {
    "SameName": "the names of stages must differ, found 'numbers' twice",
    "NoFolderName": "the name of a stage must be one of a folder, found 'all/doubled'",
    "InputsOfNow": "stages must return the same names and inputs at every call",
    "InputsNotJson": "the inputs of the stage 'numbers' must be what JSON can hold, found a tensor ()",
    "WrongOrder": "the stage 'doubled' must come after earlier stages, found after numbers",
    "EmptySplit": "the split validation must hold at least one example, found 0",
    "OtherShape": "in the shape that data announced, (6, 4) for 6 examples, found (6, 3)",
    "NotANumber": "finite numbers in input 'x', found NaN or infinity in rows 0, 1, 2 and 3 more",
    "Sorting": "batch must return the examples in the order of the indices",
    "Jittering": "the split validation: batch must return the examples in the order of the indices, the same",
    "RedrawingByChance": "redrawn must draw from the generator that it is given",
    "RedrawingFewer": "redrawn must keep the number of examples, 6, found 5",
    "RedrawingInPlace": "redrawn must leave the split as it is, found its examples changed in place",
    "NegativeWeights": "sampling_weights must be finite, not negative, and not all zero, found -1 in row 0",
    "Peeks": "the test split is opened by the evaluation alone, found it opened before",
    "LossOfEach": "loss must return a scalar",
    "LossWithoutGradient": "loss must depend on the outputs",
    "LossNotFinite": "loss must be finite, found nan",
    "WithoutObjective": "metrics must hold the objective of the task, 'auc', found accuracy",
    "MetricsAsTensors": "metrics must return a dict from name to number",
    "CalibratesATensor": "must return a dict from name to finite number, found 'threshold': a tensor ()",
    "EvaluatesATensor": "evaluate must return a dict that JSON can hold, found 'accuracy': a tensor ()",
    "ScoresOfABatch": "scores must hold log_odds (6,), one an example, found a tensor (1,)",
    "ScoresWithoutLabels": "scores must hold labels 0 and 1, found 2",
}
"""Wrong tasks on which the conformance suite is tested: name → words of the probe."""


def probed(task: Task, folder: Path) -> Data:
    stages = checked_stages(task, None, 0)
    results = run_stages(stages, folder, torch.device("cpu"), SILENT)
    return checked_data(task, {name: result.folder for name, result in results.items()})


@pytest.mark.parametrize(("name", "words"), OF_THE_SUITE.items(), ids=OF_THE_SUITE.keys())
def test_a_wrong_task_of_the_suite_is_found_by_the_probe_too(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ContractError) as caught:
        probed(getattr(suite_tasks, name)(), tmp_path)
    assert words in str(caught.value)


def test_a_stage_that_data_is_computed_from_does_not_come_after_one_beside_the_others() -> None:
    class AfterReport(suite_tasks.WithStages):
        def change(self, first: Stage, second: Stage) -> Sequence[Stage]:
            return [attrs.evolve(first, beside=True), second]

    words = "nothing is computed from the stage 'numbers', which is beside the others, found 'doubled' comes"
    with pytest.raises(ContractError, match=words):
        checked_stages(AfterReport(), None, 0)


def test_a_test_split_that_shares_an_example_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    task = suite_tasks.Overlapping()
    data = probed(task, tmp_path)
    with pytest.raises(ContractError, match="no two splits may share an example, found '2/0' in validation"):
        open_test_split(task, data)


def test_a_calibration_of_the_trained_network_that_is_no_number_is_refused() -> None:
    class Late(Right):
        def calibrate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
            return {"threshold": 0.5 if float(outputs.sum()) else float("inf")}

    with pytest.raises(ContractError, match=r"task '.*Late' .*found 'threshold': inf .*line \d+\)$"):
        calibrated(Late(), torch.zeros(4, 2), torch.arange(4) % 2)
    assert calibrated(Late(), torch.ones(4, 2), torch.arange(4) % 2) == {"threshold": 0.5}


@pytest.mark.parametrize(
    "task", [Right(), suite_tasks.Good(), Digits(), Pairs(), Streams(), Sums()], ids=repr
)
def test_a_right_task_passes_and_leaves_all_random_states_as_they_were(task: Task, tmp_path: Path) -> None:
    def states() -> tuple[Any, ...]:
        return torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()  # type: ignore[index,union-attr]

    before = states()
    data = probed(task, tmp_path)
    assert states() == before
    assert len(open_test_split(task, data)) >= 1


def test_a_right_task_with_a_test_split_that_nobody_may_open_is_probed_without_it() -> None:
    class Sealed(Right):
        def splits(self) -> Any:
            def sealed() -> Any:
                raise AssertionError("opened")

            return (*super().splits()[:3], sealed)

    assert checked_data(Sealed(), {}).outputs == 2


def test_an_error_with_words_of_its_own_is_passed_on() -> None:
    class Picky(Right):
        def data(self, folders: Mapping[str, Path]) -> Data:
            raise DataError("no clips")

    with pytest.raises(DataError, match="^no clips$"):
        checked_data(Picky(), {})


def test_a_metric_that_is_undefined_by_right_passes() -> None:
    class OneClass(Right):
        objective = "auc"

        def split(self, number: int) -> Any:
            return attrs.evolve(super().split(number), targets=torch.zeros(12).long())

        def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
            return {"auc": float("nan")}

    assert checked_data(OneClass(), {}).outputs == 2


@pytest.mark.parametrize("value", [1.0 + 1e-7, -1e-9, 0.0, 1.0])
def test_a_metric_may_miss_its_bounds_by_a_rounding_error(value: float) -> None:
    class Rounded(Right):
        def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
            return {"accuracy": value}

    assert checked_data(Rounded(), {}).outputs == 2


def test_a_metric_that_becomes_infinite_later_stops_the_search(tmp_path: Path) -> None:
    calls: list[int] = []

    class Later(Right):
        def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
            calls.append(len(targets))
            return {"accuracy": 0.5 if len(calls) < 4 else float("inf")}

    options = nasframe.SearchOptions(epochs=6, batch_size=6)
    made = Experiment.of(
        task=Later(), space="bimodal", search=options, device="cpu", cache=tmp_path / "cache"
    )
    with pytest.raises(ContractError, match="metrics must be finite, or NaN where undefined, found 'acc"):
        nasframe.search(made)
    assert len(calls) == 4


def test_a_metric_that_becomes_infinite_later_stops_the_training() -> None:
    class Infinite(Right):
        def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
            return {"accuracy": float("inf")}

    class Sum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(12, 2)

        def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
            found: Tensor = self.linear(inputs["x"].flatten(1))
            return found

    task = Infinite()
    training = Training(Sum(), task, task.data({}), nasframe.TrainOptions(epochs=1))
    with pytest.raises(ContractError, match="metrics must be finite, or NaN where undefined, found 'acc"):
        training.fit()


def test_a_label_of_the_test_split_that_no_output_stands_for_is_refused() -> None:
    task, outputs = Right(), torch.zeros(12, 2)
    targets = torch.arange(12) % 2
    check_test_targets(task, outputs, targets)
    targets[5] = 7
    with pytest.raises(ContractError, match="targets a tensor .* from 0 to 7, those of the split test$"):
        check_test_targets(task, outputs, targets)


def test_a_search_has_the_same_bits_after_the_probe() -> None:
    def found(task: Task) -> Any:
        options = nasframe.SearchOptions(epochs=1, min_epochs=1, warmup_epochs=0, batch_size=6)
        made = Experiment.of(task=task, space="bimodal", search=options, device="cpu")
        history = nasframe.search(made).history
        return [{key: record[key] for key in ("loss", "validation", "probabilities")} for record in history]

    class Drawing(Right):
        """Every call draws from the global generators, as the probe's do too."""

        def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
            return {**super().metrics(outputs, targets), "noise": float(torch.rand(())) + random.random()}

    results = []
    for _ in range(2):
        torch.manual_seed(3)
        random.seed(3)
        results.append(found(Drawing()))
    assert results[0] == results[1]
    torch.manual_seed(3)
    random.seed(3)
    expected = float(torch.rand(())) + random.random()
    assert results[0][0]["validation"]["noise"] == expected


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("OneBaseline", "a new one at each call; that of 'linear' gives one twice"),
        ("NarrowBaseline", "whose outputs for 2 examples are (2, 2); that of 'linear' gives (2, 1)"),
    ],
)
def test_a_baseline_that_could_not_be_trained_is_refused_before_the_search(
    name: str, words: str, tmp_path: Path
) -> None:
    task = getattr(suite_tasks, name)()
    data = probed(task, tmp_path)
    wrong, right = named_baselines(task, [], data), named_baselines(suite_tasks.Good(), [], data)
    before = torch.get_rng_state()
    with pytest.raises(ContractError) as caught:
        make_each_once(wrong, 0, data)
    assert words in str(caught.value)
    make_each_once(right, 0, data)
    assert torch.equal(torch.get_rng_state(), before)
