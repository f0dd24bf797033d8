"""The runs of all variants: their data, their trials, their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.errors import NasframeError
from nasframe.jobs import Outcome, Trial
from nasframe.pipeline import Prepared
from nasframe.runs import Run
from nasframe.studies.procedure import Study
from nasframe.studies.variants.cost_in_trainings import with_costs_in_trainings
from nasframe.studies.variants.run_result import read_result
from nasframe.studies.variants.run_trial import make_run_trial
from nasframe.studies.variants.variant import PlannedRun, Variant

__all__ = ["Runs", "make_runs"]


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
        """Return the result of each run; see `read_result` and `with_costs_in_trainings`."""
        found = [
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
        return with_costs_in_trainings(found)


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
