"""The trainings of a search by proposals: each network has a folder, and goes on where it stopped.

A candidate learns as the final network does: from the examples of the splits `weights` and `architecture`,
since there are no logits that need their own. The split `validation` decides; the test split stays closed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from attrs import define, field
from torch import Tensor

from nasframe.errors import RunError
from nasframe.experiment import Experiment
from nasframe.jobs import Workers, error_message, is_disk_full
from nasframe.network import build, cost_of, inherit
from nasframe.pipeline.engines import check_built_network, training_engine
from nasframe.pipeline.preparation import Prepared
from nasframe.pipeline.written_experiment import experiment_arguments, read_experiment, save_tensors
from nasframe.plugins import RecordedNames, manager, record_names
from nasframe.runs import Run
from nasframe.runtime import (
    SILENT,
    Fields,
    Progress,
    Text,
    read_json,
    read_tensors,
    write_json,
    write_tensors,
)
from nasframe.searching import Candidate, LearningCurve
from nasframe.space import Architecture
from nasframe.tasks import Data, checked_data

__all__ = ["PRELOAD", "CandidateTraining"]

PRELOAD = ("nasframe.pipeline.candidate_training", "torch._dynamo")
"""Names of modules that are imported once, for all workers."""

_FAILED = "failed.json"
_TENSORS = "tensors.safetensors"
_WEIGHTS = "supernet.safetensors"
_SHAPE = Fields({"failed": Text()})


@define
class CandidateTraining:
    """Trains the networks that a search proposes, until `close`.

    Args:
        experiment: its task, space, training options and seed.
        prepared: the data.
        place: the folder of their folders.
        workers: the most trainings at the same time; they change no number.
        progress: to report to.
    """

    experiment: Experiment
    prepared: Prepared
    place: Path
    workers: int = 1
    progress: Progress = SILENT
    _processes: Workers | None = field(init=False, default=None)

    def close(self) -> None:
        """End the worker processes, which stay from one call of `train` to the next."""
        if self._processes is not None:
            self._processes.close()

    @property
    def epochs(self) -> int:
        """Of a full training."""
        return self.experiment.train.epochs

    def train(
        self, candidates: Sequence[Candidate], weights: Mapping[str, Tensor] | None = None
    ) -> list[LearningCurve]:
        """Train each network to its epochs, or on to them, and return their curves in order.

        Args:
            candidates: different networks.
            weights: the state of a supernet from which they start; None is from scratch.
        """
        place, file = self.place / "scratch", None
        if weights is not None:
            place = self.place / "inherited"
            file = place / _WEIGHTS
            if not file.exists():  # the same ones in every round, and after a kill
                place.mkdir(parents=True, exist_ok=True)
                write_tensors(file, {name: value.cpu() for name, value in weights.items()})
        work = [(item, place / item.key[:16]) for item in candidates]
        if self.workers == 1 or len(candidates) == 1:
            data = self.prepared.data
            return [_train(item, folder, self.experiment, data, file) for item, folder in work]
        self.place.mkdir(parents=True, exist_ok=True)
        save_tensors(self.place / _TENSORS, [self.experiment])
        arguments = {
            **experiment_arguments(self.experiment, self.place / _TENSORS),
            **record_names().to_dict(),
            "folders": {name: str(path) for name, path in self.prepared.folders.items()},
            "weights": None if file is None else str(file),
        }
        size = math.ceil(len(work) / self.workers)  # those of one worker share the data that it reads
        parts = [work[start : start + size] for start in range(0, len(work), size)]
        if self._processes is None:
            self._processes = Workers(self.workers)
        found = self._processes.in_order(partial(train_part, arguments), parts)
        return [curve for curves in found for curve in curves]


def train_part(arguments: Mapping[str, Any], work: Sequence[tuple[Candidate, Path]]) -> list[LearningCurve]:
    """Train some candidates in a worker process, given the experiment as its arguments say it."""
    with manager().reading(RecordedNames.of(arguments)):
        experiment = read_experiment(arguments, "a training of the search")
        folders = {name: Path(path) for name, path in arguments["folders"].items()}
        data = checked_data(experiment.task, folders)
        weights = None if arguments["weights"] is None else Path(arguments["weights"])
        return [_train(item, folder, experiment, data, weights) for item, folder in work]


def _train(
    candidate: Candidate, folder: Path, experiment: Experiment, data: Data, weights: Path | None
) -> LearningCurve:
    """Train one network to its epochs; a training that fails has no scores, and says why.

    Args:
        weights: a file with the state of a supernet from which it starts; None is from scratch.
    """
    failed = folder / _FAILED
    if not failed.exists():
        try:
            return _advance(candidate, folder, experiment, data, weights)
        except (Exception, SystemExit) as error:  # of the user's plugins, too
            if is_disk_full(error, folder):
                raise
            write_json(failed, {"failed": error_message(error)})
    seconds = [line["seconds"] for line in Run(folder).history("train")]  # of the epochs before it failed
    return LearningCurve([], [], seconds, failed=read_json(failed, _SHAPE, _damaged)["failed"])


def _advance(
    candidate: Candidate, folder: Path, experiment: Experiment, data: Data, weights: Path | None
) -> LearningCurve:
    space = experiment.space.build(data.inputs, data.outputs)
    architecture = Architecture(space, candidate.assignment)
    run = Run(folder)
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    network = build(architecture, seed=experiment.seed)
    if weights is not None:
        inherit(network, read_tensors(weights, RunError))
    check_built_network(network, experiment, data)
    engine = training_engine(network, experiment, data, SILENT, run=run, key=architecture.fingerprint)
    engine.advance(candidate.epochs)
    cost, lines = cost_of(architecture), engine.history
    objective = experiment.task.objective
    values = [line["validation"].get(objective) for line in lines]
    return LearningCurve(
        [math.nan if value is None else float(value) for value in values],
        [line["validation"] for line in lines],
        [line["seconds"] for line in lines],
        cost.parameters,
        cost.multiply_adds,
    )


def _damaged(message: str) -> RunError:
    return RunError(f"{message}; remove the file, and the training is tried again")
