"""The contract of a task, checked before any work: a batch of each split, loss, metrics, calibration, scores.

`nasframe.testing.TaskSuite` checks more, and takes longer.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from nasframe.errors import ContractError
from nasframe.runtime import is_finite, random_states_kept
from nasframe.tasks.check.calibration import calibrated
from nasframe.tasks.check.fine_tuning_check import check_fine_tuning_options
from nasframe.tasks.check.metric_values import check_metric_values, is_number
from nasframe.tasks.check.split_check import (
    CheckedSplits,
    check_data,
    check_split_alone,
    check_test_split,
    spread_rows,
)
from nasframe.tasks.check.task_contract import TaskContract
from nasframe.tasks.data import Batch, Data, Split
from nasframe.tasks.other_test import OtherTest
from nasframe.tasks.scores import Scores
from nasframe.tasks.stages import Stage, stage_fingerprints
from nasframe.tasks.task import Task
from nasframe.tasks.values_in_words import value_in_words

__all__ = [
    "check_test_targets",
    "checked_data",
    "checked_other_stages",
    "checked_other_test",
    "checked_stages",
    "open_test_split",
]

_DRAWS = 3


def checked_stages(task: Task, source: Path | None, seed: int) -> Sequence[Stage]:
    """Return the stages of a task, checked before any of them is run.

    Args:
        task: whose `stages` are asked for.
        source: the user's data; None for the task's own.
        seed: of the stages.

    Raises:
        ContractError: what the task returns cannot be run, or looked up in the cache.
    """
    contract = TaskContract(task)
    found = contract.call("stages", task.stages, source, seed)
    _check_stages(found, contract)
    stages: Sequence[Stage] = found
    if stages and source is None:  # to look at the user's data twice may take long
        with random_states_kept():
            again = contract.call("stages", task.stages, source, seed)
        _check_stages(again, contract)
        first, second = stage_fingerprints(stages), stage_fingerprints(again)
        if first != second:
            other = next((name for name in first if second.get(name) != first[name]), "another one")
            promise = "stages must return the same names and inputs at every call, or nothing is found again"
            raise contract.violation(task.stages, promise, f"other ones at the second, from {other!r} on")
    return stages


def checked_other_stages(task: Task, source: Path, seed: int) -> Sequence[Stage]:
    """Return the stages by which a task prepares another data set, checked before any of them is run.

    Raises:
        DataError: the task cannot be tested on other data, or not on this.
        ContractError: what the task returns cannot be run, or looked up in the cache.
    """
    contract = TaskContract(task)
    found = contract.call("other_stages", task.other_stages, source, seed)
    _check_stages(found, contract)
    stages: Sequence[Stage] = found
    return stages


def checked_other_test(
    task: Task,
    folders: Mapping[str, Path],
    saved: Path,
    own: Mapping[str, Path] | None,
    device: torch.device,
    examples: Sequence[str] | None,
) -> OtherTest:
    """Return the test examples of another data set; see `Task.other_test`.

    Raises:
        DataError: there is nothing to test on.
        ContractError: what the task returns is no test split.
    """
    contract = TaskContract(task)
    found = contract.call("other_test", task.other_test, folders, saved, own, device, examples)
    if not isinstance(found, OtherTest):
        raise contract.violation(task.other_test, "other_test must return a nasframe.OtherTest", found)
    check_split_alone("test", found.split, contract)
    return found


def checked_data(task: Task, folders: Mapping[str, Path]) -> Data:
    """Return the data of a task, after a probe of all that a search and a training ask of it.

    The outputs of a network are random numbers of the promised shape. The test split is not opened, and all
    random states stay as they are.

    Args:
        task: to probe.
        folders: of its stages.

    Raises:
        ContractError: the first broken promise, with plugin, file and line.
    """
    contract = TaskContract(task)
    check_fine_tuning_options(task)
    data = contract.call("data", task.data, folders)
    check_data(data, contract)
    opened: list[bool] = []
    probe = _Probe(task, _sealed(data, opened), contract)
    with random_states_kept():
        try:
            probe.run()
        finally:
            if opened:
                raise contract.violation(
                    task.data, "the test split is opened by the evaluation alone", "it opened before"
                )
    found: Data = data
    return found


def open_test_split(task: Task, data: Data) -> Split:
    """Return the test split of a task, for the evaluation.

    Raises:
        ContractError: it holds no example, or one of another split.
    """
    contract = TaskContract(task)
    test = contract.call("opening the test split", data.splits.test)
    check_test_split(test, data, contract)
    found: Split = test
    return found


def check_test_targets(task: Task, outputs: Tensor, targets: Tensor) -> None:
    """Check that the loss, which knows the targets that can be, takes those of the test split.

    All random states stay as they are.

    Args:
        task: whose loss it is.
        outputs: of a network on the test split, `(examples, outputs)`.
        targets: of the test split.

    Raises:
        ContractError: the loss raises an error, for example for a label beyond the outputs.
    """
    with random_states_kept():
        try:
            _loss_of(TaskContract(task), outputs.clone(), targets.clone())
        except ContractError as error:
            raise ContractError(f"{error}, those of the split test") from error.__cause__


def _loss_of(contract: TaskContract, outputs: Tensor, targets: Tensor) -> Any:
    try:
        return contract.call("loss", contract.task.loss, outputs, targets)
    except ContractError as error:
        if isinstance(error.__cause__, Exception):
            shapes = f"outputs {tuple(outputs.shape)}, targets {value_in_words(targets)}"
            whole = not targets.is_floating_point() and not targets.is_complex()
            reach = f" from {int(targets.min())} to {int(targets.max())}" if whole else ""
            raise ContractError(f"{error}; it was given {shapes}{reach}") from error.__cause__
        raise


def _check_numbers(name: str, found: Any, contract: TaskContract) -> None:
    """Check that a function of the task returned name → number."""
    function, promise = getattr(contract.task, name), f"{name} must return a dict from name to number"
    if not isinstance(found, Mapping):
        raise contract.violation(function, promise, found)
    for key, value in found.items():
        if not isinstance(key, str) or not is_number(value):
            raise contract.violation(function, promise, f"{key!r}: {value_in_words(value)}")


def _check_stages(found: Any, contract: TaskContract) -> None:
    made_by, promise = contract.task.stages, "stages must return a sequence of nasframe.Stage"
    if isinstance(found, str | bytes | Stage) or not isinstance(found, Sequence):
        raise contract.violation(made_by, promise, found)
    earlier: list[str] = []
    beside: set[str] = set()
    for stage in found:
        if not isinstance(stage, Stage):
            raise contract.violation(made_by, promise, stage)
        _check_stage(stage, earlier, contract)
        if stage.beside:
            beside.add(stage.name)
        elif used := beside.intersection(stage.after):
            promise = f"nothing is computed from the stage {min(used)!r}, which is beside the others"
            raise contract.violation(made_by, promise, f"{stage.name!r} comes after it")
        earlier.append(stage.name)


def _check_stage(stage: Stage, earlier: Sequence[str], contract: TaskContract) -> None:
    made_by, name = contract.task.stages, stage.name
    if not isinstance(name, str) or not name or Path(name).name != name:
        raise contract.violation(made_by, "the name of a stage must be one of a folder", repr(name))
    if name in earlier:
        raise contract.violation(made_by, "the names of stages must differ", f"{name!r} twice")
    if not callable(stage.run):
        raise contract.violation(made_by, f"the stage {name!r} must be run by a function", stage.run)
    unknown = [other for other in stage.after if other not in earlier]
    if unknown:
        raise contract.violation(
            made_by, f"the stage {name!r} must come after earlier stages", f"after {', '.join(unknown)}"
        )
    try:
        json.dumps(dict(stage.inputs), default=_text_of_path)
    except (TypeError, ValueError, RecursionError) as error:
        raise contract.violation(
            made_by, f"the inputs of the stage {name!r} must be what JSON can hold", str(error)
        ) from error


def _text_of_path(value: Any) -> str:
    if isinstance(value, os.PathLike):
        return str(value)
    raise TypeError(value_in_words(value))


def _sealed(data: Data, opened: list[bool]) -> Data:
    """Return the data with a test split that notes that it was opened, and stops."""

    def test() -> Split:
        opened.append(True)
        raise ContractError("the test split is closed")

    return attrs.evolve(data, splits=attrs.evolve(data.splits, test=test))


@attrs.frozen
class _Probe:
    """A probe of a task on its data, the test split sealed."""

    task: Task
    data: Data
    contract: TaskContract

    def run(self) -> None:
        """Check all promises.

        Raises:
            ContractError: one is broken.
        """
        splits = CheckedSplits(self.data, self.contract)
        splits.check()
        for name in ("weights", "architecture"):
            split = getattr(self.data.splits, name)
            self._check_loss(splits.batch(name, split, spread_rows(split, len(split))))
        validation = self.data.splits.validation
        targets = splits.all_targets("validation")
        self._check_loss(Batch({}, targets))
        self._check_metrics(targets)
        outputs = self._outputs(len(targets), 0)
        calibration = calibrated(self.task, outputs.clone(), targets.clone())
        self._check_evaluation(outputs, validation, calibration)
        self._check_scores(outputs, validation, calibration)

    def _outputs(self, examples: int, draw: int) -> Tensor:
        """Return stand-ins `(examples, outputs)` for what a network gives."""
        return torch.randn(examples, self.data.outputs, generator=torch.Generator().manual_seed(draw))

    def _check_loss(self, batch: Batch) -> None:
        targets, contract = batch.targets, self.contract
        before = targets.clone()

        def broken(promise: str, found: Any) -> ContractError:
            outputs = f"({len(targets)}, {self.data.outputs})"
            shapes = f" for outputs {outputs} and targets {value_in_words(targets)}"
            words = found if isinstance(found, str) else value_in_words(found)
            return contract.violation(self.task.loss, f"loss must {promise}", words + shapes)

        for draw in range(_DRAWS):
            leaf = self._outputs(len(targets), draw).requires_grad_()
            loss = _loss_of(self.contract, leaf * 1, targets)  # no leaf, as outputs of a network are none
            if not torch.equal(before, targets):
                raise broken("leave the targets as they are", "they changed in place")
            if not isinstance(loss, Tensor):
                raise broken("return a scalar tensor", loss)
            if loss.numel() != 1:
                raise broken("return a scalar, the mean over the batch", loss)
            if not loss.is_floating_point():
                raise broken("return a floating-point number", loss)
            if not is_finite(loss):
                raise broken("be finite", str(float(loss.detach())))
            if not loss.requires_grad:
                raise broken("depend on the outputs, with a gradient", "a number without one")
            again = _loss_of(self.contract, leaf.detach() * 1, targets)
            if not isinstance(again, Tensor) or not torch.equal(again.detach(), loss.detach()):
                raise broken(
                    "be the same for the same outputs", f"{float(loss.detach()):.6g} and then {_short(again)}"
                )
            (gradient,) = contract.call(
                "the gradient of the loss",
                lambda loss=loss, leaf=leaf: torch.autograd.grad(loss.sum(), leaf, allow_unused=True),
            )
            if gradient is None:
                raise broken("depend on the outputs, with a gradient", "none with respect to them")
            if not is_finite(gradient):
                raise broken("have a finite gradient", "NaN or infinity")
            if bool((gradient != 0).any()):
                return
        raise broken("depend on the outputs", "a gradient of zeros")

    def _check_metrics(self, targets: Tensor) -> None:
        objective, values = self.task.objective, []
        for draw in range(_DRAWS):
            outputs = self._outputs(len(targets), draw)
            before = outputs.clone(), targets.clone()
            found = self.contract.call("metrics", self.task.metrics, outputs, targets)
            _check_numbers("metrics", found, self.contract)
            check_metric_values(found, self.contract)
            self._check_bounds(found)
            if objective not in found:
                named = ", ".join(found) or "none"
                promise = f"metrics must hold the objective of the task, {objective!r}"
                raise self.contract.violation(self.task.metrics, promise, named)
            if not (torch.equal(before[0], outputs) and torch.equal(before[1], targets)):
                promise = "metrics must leave outputs and targets as they are"
                raise self.contract.violation(self.task.metrics, promise, "they changed in place")
            values.append(found[objective])
            if not math.isnan(values[-1]):
                return
        if bool((targets != targets[:1]).any()):
            promise = f"the objective {objective!r} must be a number on a validation split of several classes"
            raise self.contract.violation(self.task.metrics, promise, "NaN")

    def _check_bounds(self, metrics: Mapping[str, float]) -> None:
        for name, (low, high) in self.task.bounds.items():
            value = metrics.get(name, math.nan)
            slack = 1e-5 * max(1.0, abs(value))  # of a sum in float32
            if value < low - slack or value > high + slack:
                promise = f"the metric {name!r} must lie within its `bounds`, {low:g} to {high:g}"
                raise self.contract.violation(self.task.metrics, promise, f"{value}")

    def _check_evaluation(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> None:
        found = self.contract.call("evaluate", self.task.evaluate, outputs.clone(), split, dict(calibration))
        promise = "evaluate must return a dict that JSON can hold"
        if not isinstance(found, Mapping):
            raise self.contract.violation(self.task.evaluate, promise, found)
        for key, value in found.items():
            try:
                json.dumps({key: value}, default=_refused)
            except (TypeError, ValueError, RecursionError) as error:
                raise self.contract.violation(self.task.evaluate, promise, f"{key!r}: {error}") from error
        objective = self.task.objective
        score: Any = found.get(objective, found)
        if isinstance(score, bool) or not (score is None or isinstance(score, int | float)):
            promise = f"evaluate must return the objective of the task, {objective!r}, as a number or None"
            names = ", ".join(str(name) for name in (found or ())) or "nothing"
            held = f"{names} alone" if score is found else f"{value_in_words(score)} for it"
            raise self.contract.violation(self.task.evaluate, promise, held)

    def _check_scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> None:
        task, count = self.task, len(split)
        found = self.contract.call("scores", task.scores, outputs.clone(), split, dict(calibration))
        if found is None:
            return

        def broken(promise: str, value: Any) -> ContractError:
            return self.contract.violation(task.scores, f"scores must {promise}", value)

        if not isinstance(found, Scores):
            raise broken("return nasframe.Scores or None", found)
        for name in ("log_odds", "labels"):
            value = getattr(found, name)
            if not isinstance(value, Tensor) or value.shape != (count,):
                raise broken(f"hold {name} {(count,)}, one an example", value)
        if not is_finite(found.log_odds):
            raise broken("hold finite log_odds, for finite outputs", "NaN or infinity")
        others = {*found.labels.tolist()} - {0, 1}
        if others:
            raise broken("hold labels 0 and 1", str(sorted(others)[0]))
        texts = {"positive": found.positive, "negative": found.negative}
        texts |= {"a category": next((item for item in found.categories if not isinstance(item, str)), "")}
        for name, value in texts.items():
            if not isinstance(value, str):
                raise broken(f"hold {name} as a text", value)
        threshold = found.threshold
        if isinstance(threshold, bool) or not isinstance(threshold, int | float):
            raise broken("hold the threshold as a number", threshold)
        if len(found.categories) not in (0, count):
            raise broken("hold a category for each example, or none", f"{len(found.categories)} of them")


def _short(value: Any) -> str:
    if isinstance(value, Tensor) and value.numel() == 1:
        return f"{float(value.detach()):.6g}"
    return value_in_words(value)


def _refused(value: Any) -> Any:
    raise TypeError(value_in_words(value))
