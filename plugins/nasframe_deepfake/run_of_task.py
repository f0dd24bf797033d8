"""A run that has to be one of the deepfake task."""

from __future__ import annotations

from pathlib import Path

from nasframe import Run, load_experiment
from nasframe.errors import RunError
from nasframe_deepfake.task import DeepfakeTask

__all__ = ["require_run_of_task"]


def require_run_of_task(run: Run | str | Path) -> DeepfakeTask:
    """Return the task of a run.

    Raises:
        RunError: it is another one than `deepfake`.
    """
    task = load_experiment(run).task
    if not isinstance(task, DeepfakeTask):
        place = run.path if isinstance(run, Run) else run
        raise RunError(
            f"{place}: is a run of the task {type(task).__name__}; expected one of the task deepfake"
        )
    return task
