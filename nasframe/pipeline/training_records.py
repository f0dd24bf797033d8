"""The records of trainings in a run: lines, files and a section of the experiment; and their removal."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nasframe.experiment import Experiment
from nasframe.runs import OTHER_TESTS, REPLACE_IT, Run
from nasframe.runtime import remove_path
from nasframe.tasks import Task

__all__ = [
    "BASELINE",
    "FINE_TUNING",
    "forget_training",
    "is_search_of",
    "is_training",
    "matching_run",
    "with_training",
    "without_training",
]

BASELINE = "baseline-"
"""The prefix of the name of every baseline's training: of its checkpoints, and the `stage` of its metrics."""

FINE_TUNING = "finetune"
"""The name of the fine-tuning, likewise."""

_KEEP_SEARCH = (
    "choose another --out",
    "say --overwrite: of `nasframe train` it keeps the search, else it replaces all",
)


def is_training(record: Mapping[str, Any]) -> bool:
    """Return True where a line of metrics was written by the final training, its fine-tuning, or that of a
    baseline."""
    stage = str(record.get("stage"))
    return stage in ("train", FINE_TUNING) or stage.startswith(BASELINE)


def forget_training(run: Run, experiment: str, *, identity: str) -> None:
    """Remove the final training and all that came after it from a run, and keep its search.

    Args:
        run: to remove it from.
        experiment, identity: of the training to come; see `Run.create`.
    """
    for name in ("train", "network", FINE_TUNING, f"{BASELINE}*"):
        for pattern in (f"{name}.json", f"{name}-*.safetensors"):
            for file in run.checkpoints.glob(pattern):
                file.unlink()
    for name in ("test.json", "scores.json", "report.html", OTHER_TESTS):
        remove_path(run.path / name)
    remove_path(run.task_folder)
    run.keep_metrics(lambda record: not is_training(record))
    run.replace_experiment(experiment, identity=identity, keep=["search"])


def without_training(experiment: str, task: Task) -> dict[str, Any]:
    """Return the values of an experiment that decide the result of a gradient search without finalists.

    Args:
        experiment: as TOML.
        task: of it, which knows the options of its fine-tuning.
    """
    return _values(experiment, task, ("device", "cache", "train", "baselines"))


def with_training(experiment: str, task: Task) -> dict[str, Any]:
    """Return the values of an experiment that decide the result of a search that trains candidates or
    finalists; see `without_training`."""
    return _values(experiment, task, ("device", "cache", "baselines"))


def is_search_of(run: Run, experiment: Experiment) -> bool:
    """Return True where an experiment differs from that of a run in its training alone, if at all."""
    try:
        there, now = (
            without_training(toml, experiment.task) for toml in (run.experiment_toml, experiment.to_toml())
        )
    except tomllib.TOMLDecodeError:  # it was changed by hand
        return False
    return there == now


def matching_run(path: Path, experiment: Experiment) -> Run | None:
    """Return the run in a folder that the same experiment made; None where there is none yet.

    Raises:
        RunError: the folder holds the run of another experiment, or something else.
    """
    toml = experiment.to_toml()
    run = Run.existing(path, toml)
    remedy = _KEEP_SEARCH if run is not None and is_search_of(run, experiment) else REPLACE_IT
    return Run.matching(path, toml, identity=experiment.fingerprint(), remedy=remedy)


def _values(experiment: str, task: Task, without: Iterable[str]) -> dict[str, Any]:
    values = tomllib.loads(experiment)
    for key in without:
        values.pop(key, None)
    if isinstance(options := values.get("task"), dict):  # a user may have changed it by hand
        for name in task.fine_tuning_options:
            options.pop(name, None)
    return values
