"""The runs of a comparison: one for each variant and seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from nasframe.jobs import Outcome, Trial
from nasframe.pipeline import Prepared, prepare
from nasframe.runs import Run
from nasframe.runtime import Progress
from nasframe.studies.data_preparation import data_key, first_begun
from nasframe.studies.folder import TRIALS
from nasframe.studies.results import read_result
from nasframe.studies.run_trial import make_run_trial
from nasframe.studies.variants import Variant
from nasframe.training import BaselineOptions

__all__ = ["Runs", "check_matching"]


@frozen
class Runs:
    """The runs of a comparison, variant after variant."""

    folder: Path
    variants: Sequence[Variant]

    def __iter__(self) -> Iterator[tuple[Variant, int, Path]]:
        """Yield variant, seed and folder of each run."""
        for variant in self.variants:
            for seed in variant.experiments:
                yield variant, seed, self.folder / TRIALS / f"{variant.folder},seed={seed}"

    def prepare(self, source: Path | None, progress: Progress, overwrite: bool) -> dict[str, Prepared]:
        """Return variant → its data. Data that variants share are prepared once, before workers need them."""
        made: dict[str, Prepared] = {}
        found = {}
        for variant in self.variants:
            first = variant.first
            key = data_key(first)
            if key not in made:
                places = [] if overwrite else [place for other, _, place in self if other is variant]
                made[key] = prepare(first, first_begun(places), source, progress)
            found[variant.name] = made[key]
        return found

    def trials(self, prepared: Mapping[str, Prepared], source: Path | None) -> list[Trial]:
        """Return a trial for each run. Baselines are trained in other trials, once for all variants."""
        found = []
        for variant, seed, place in self:
            experiment = attrs.evolve(variant.experiments[seed], baselines=BaselineOptions())
            data = str(prepared[variant.name].record["fingerprint"])
            found.append(make_run_trial(f"{variant.name},seed={seed}", place, experiment, source, data))
        return found

    def results(
        self, trials: Sequence[Trial], outcomes: Mapping[str, Outcome], objective: str
    ) -> list[dict[str, Any]]:
        """Return the result of each run; see `read_result`."""
        return [
            read_result(
                trial,
                outcomes[trial.name],
                study=self.folder,
                objective=objective,
                seed=seed,
                variant=variant.name,
                point=variant.point,
            )
            for trial, (variant, seed, _) in zip(trials, self, strict=True)
        ]


def check_matching(trials: Sequence[Trial]) -> None:
    """Refuse folders that hold runs of other experiments, before anything is searched."""
    for trial in trials:
        experiment, identity = trial.arguments["experiment"], trial.arguments["identity"]
        Run.matching(trial.folder, experiment, identity=identity)
