"""The runs of a comparison or a sweep: for each variant one a seed, planned, done and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.errors import NasframeError
from nasframe.experiment import Experiment
from nasframe.jobs import Outcome, Trial
from nasframe.pipeline import Prepared
from nasframe.runs import Run
from nasframe.studies.axes import Point
from nasframe.studies.procedure import Study
from nasframe.studies.results import read_result
from nasframe.studies.run_trial import make_run_trial

__all__ = ["PlannedRun", "Runs", "Variant", "make_runs"]


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


@frozen
class Runs:
    """The runs of a study, variant after variant, with their data and trials.

    Attributes:
        pairs: each run with its variant.
        prepared: name of a variant → its data; a variant whose data could not be made is not in it.
        data: fingerprint of the data of each run; None where there is none: its trial will fail.
        trials: of the runs.
    """

    pairs: Sequence[tuple[Variant, PlannedRun]]
    prepared: Mapping[str, Prepared]
    data: Sequence[str | None]
    trials: Sequence[Trial]

    def results(self, outcomes: Mapping[str, Outcome], study: Study, objective: str) -> list[dict[str, Any]]:
        """Return the result of each run; see `read_result`."""
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
            for trial, (variant, run) in zip(self.trials, self.pairs, strict=True)
        ]


def make_runs(variants: Sequence[Variant], study: Study) -> Runs:
    """Prepare the data of the runs of all variants, and return the runs with their trials.

    Raises:
        NasframeError: no data could be made.
        RunError: a folder holds the run of another experiment, and is not to be replaced.
    """
    pairs = [(variant, run) for variant in variants for run in variant.runs]
    folders = [study.folder.trial_folder(run.folder) for _, run in pairs]
    found = study.prepare([run.experiment for _, run in pairs], folders)
    data = [None if isinstance(item, NasframeError) else str(item.record["fingerprint"]) for item in found]
    trials = [
        make_run_trial(run.name, folder, run.experiment, study, known)
        for (_, run), folder, known in zip(pairs, folders, data, strict=True)
    ]
    for trial in () if study.settings.overwrite else trials:
        Run.matching(trial.folder, trial.arguments["experiment"], identity=trial.arguments["identity"])
    prepared = {
        variant.name: item
        for (variant, _), item in zip(pairs, found, strict=True)
        if not isinstance(item, NasframeError)
    }
    return Runs(pairs, prepared, data, trials)
