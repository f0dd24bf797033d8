"""The records of trainings in a run: lines, files and a section of the experiment; and their removal."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from nasframe.runs import OTHER_TESTS, Run
from nasframe.runtime import remove_path

__all__ = ["BASELINE", "FINE_TUNING", "forget_training", "is_training", "with_training", "without_training"]

BASELINE = "baseline-"
"""The prefix of the name of every baseline's training: of its checkpoints, and the `stage` of its metrics."""

FINE_TUNING = "finetune"
"""The name of the fine-tuning, likewise."""


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


def without_training(experiment: str) -> dict[str, Any]:
    """Return the values of an experiment, given as TOML, that decide the result of a gradient search
    without finalists."""
    return _values(experiment, ("device", "cache", "train", "baselines"))


def with_training(experiment: str) -> dict[str, Any]:
    """Return the values of an experiment, given as TOML, that decide the result of a search that
    trains candidates or finalists."""
    return _values(experiment, ("device", "cache", "baselines"))


def _values(experiment: str, without: Iterable[str]) -> dict[str, Any]:
    values = tomllib.loads(experiment)
    for key in without:
        values.pop(key, None)
    return values
