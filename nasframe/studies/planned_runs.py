"""The runs of a comparison or a sweep: for each variant one a seed, planned, done and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe.experiment import Experiment
from nasframe.jobs import Outcome, Trial
from nasframe.runs import Run
from nasframe.studies.axes import Point
from nasframe.studies.results import read_result
from nasframe.studies.run_trial import make_run_trial
from nasframe.studies.study import Study

__all__ = ["PlannedRun", "Variant", "run_folders", "run_results", "run_trials"]


@frozen
class PlannedRun:
    """A run of a variant, before it is made.

    Attributes:
        name: of its trial, unique in the study; shown to the user.
        folder: name of its folder, among those of the trials.
        experiment: that of the run, with its seed.
    """

    name: str
    folder: str
    experiment: Experiment


@frozen
class Variant:
    """An experiment with some options at values of their own: a variant of a comparison, a point of a sweep.

    Attributes:
        name: shown to the user, unique among the variants.
        point: dotted key → value: the options in which it differs from the others.
        runs: one for each seed.
    """

    name: str
    point: Point
    runs: Sequence[PlannedRun]

    @property
    def first(self) -> Experiment:
        """The experiment of the first seed."""
        return self.runs[0].experiment

    @property
    def experiments(self) -> Mapping[int, Experiment]:
        """Seed → experiment."""
        return {run.experiment.seed: run.experiment for run in self.runs}


def run_folders(variants: Sequence[Variant], study: Study) -> list[Path]:
    """Return the folder of each run."""
    return [study.folder.trial_folder(run.folder) for variant in variants for run in variant.runs]


def run_trials(variants: Sequence[Variant], data: Sequence[str | None], study: Study) -> list[Trial]:
    """Return the trial of each run, given the fingerprint of its data, None where there is none.

    Raises:
        RunError: a folder holds the run of another experiment, and is not to be replaced.
    """
    runs = [run for variant in variants for run in variant.runs]
    trials = [
        make_run_trial(run.name, folder, run.experiment, study.source, known, tensors=study.tensors)
        for run, folder, known in zip(runs, run_folders(variants, study), data, strict=True)
    ]
    if not study.overwrite:
        for trial in trials:
            Run.matching(trial.folder, trial.arguments["experiment"], identity=trial.arguments["identity"])
    return trials


def run_results(
    variants: Sequence[Variant],
    trials: Sequence[Trial],
    outcomes: Mapping[str, Outcome],
    study: Study,
    objective: str,
) -> list[dict[str, Any]]:
    """Return the result of each run; see `read_result`."""
    runs = [(variant, run) for variant in variants for run in variant.runs]
    return [
        read_result(
            trial,
            outcomes[trial.name],
            study=study.folder.path,
            objective=objective,
            seed=run.experiment.seed,
            variant=variant.name,
            point=variant.point,
        )
        for trial, (variant, run) in zip(trials, runs, strict=True)
    ]
