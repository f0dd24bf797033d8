"""The trainings of each network of a table: their experiments, and the files of their results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs

from nasframe.experiment import Experiment, overridden
from nasframe.space import Architecture
from nasframe.studies.axes import Point, experiment_at, point_name
from nasframe.studies.procedure import BaseExperiment
from nasframe.training import BaselineOptions

__all__ = ["NETWORKS", "Training", "from_scratch", "result_file", "training_at", "training_name"]

NETWORKS = "architectures"
"""Name of the folder of the results of the architectures."""

Training = tuple[Point, Experiment]
"""One of the trainings of each network: the options in which it differs, and its experiment."""


def training_at(
    chosen: Experiment, base: BaseExperiment, overrides: Sequence[str], point: Point, seed: int
) -> Experiment:
    """Return the experiment of one training of each network."""
    if not point:
        return attrs.evolve(chosen, seed=seed)
    values = overridden(base.values, base.source, overrides)
    found = experiment_at(values, base.source, point, seed=seed, data_seed=chosen.data_seed)
    return from_scratch(attrs.evolve(found, device=chosen.device))


def from_scratch(experiment: Experiment) -> Experiment:
    """Return an experiment as the networks of a table are trained: from scratch, and without baselines."""
    train = attrs.evolve(experiment.train, inherit=False)
    return attrs.evolve(experiment, baselines=BaselineOptions(), train=train)


def training_name(training: Training, base: Experiment) -> str:
    """Return the name of a training; empty for that of the table's own experiment."""
    point, experiment = training
    seed = {} if experiment.seed == base.seed else {"seed": experiment.seed}
    return point_name({**point, **seed}) if point or seed else ""


def result_file(folder: Path, architecture: Architecture, training: Training, base: Experiment) -> Path:
    """Return the file of one training of one architecture, in the folder of a table."""
    name = training_name(training, base)
    return folder / NETWORKS / f"{architecture.fingerprint[:16]}{f'-{name}' if name else ''}.json"
