"""A trial that is a whole run: search, train, evaluate."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasframe.errors import NasframeError
from nasframe.experiment import Experiment
from nasframe.jobs import Trial
from nasframe.pipeline import run_experiment
from nasframe.runs import Run
from nasframe.runtime import Progress
from nasframe.studies.procedure import Study, make_trial, reading_experiment

__all__ = ["do_run", "is_run_done", "make_run_trial"]


def make_run_trial(
    name: str, folder: Path, experiment: Experiment, study: Study, data: str | None = None
) -> Trial:
    """Return the trial that makes a run of `experiment` in `folder`.

    Args:
        name: of the trial.
        folder: of the run.
        experiment: that of the run.
        study: of which the trial is one.
        data: fingerprint of the prepared data, where it is known: a finished run that was made from the same
            data is skipped.
    """
    identity = experiment.fingerprint()
    return make_trial(name, folder, do_run, is_run_done, experiment, study, identity=identity, data=data)


def do_run(folder: Path, arguments: Mapping[str, Any], progress: Progress) -> None:
    """Search, train and evaluate the experiment of such a trial."""
    with reading_experiment(folder, arguments) as experiment:
        run_experiment(experiment, folder, source=arguments["source"], progress=progress)


def is_run_done(folder: Path, arguments: Mapping[str, Any]) -> bool:
    """Return True where the run is there, made from the same experiment and data, and evaluated."""
    if arguments["data"] is None or not (folder / "run.json").exists():
        return False
    try:
        run = Run.open(folder)
        same = run.experiment_toml == arguments["experiment"] and run.identity == arguments["identity"]
        known = run.record["data"]
        ready = same and known is not None and known["fingerprint"] == arguments["data"]
        return ready and "evaluate" in run.record["done"] and run.test is not None
    except (NasframeError, ValueError):  # the trial will fail with the reason
        return False
