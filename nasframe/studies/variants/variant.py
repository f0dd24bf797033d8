"""A variant of an experiment, and its runs, one for each seed, before they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from nasframe.experiment import Experiment
from nasframe.studies.axes import Point

__all__ = ["PlannedRun", "Variant"]


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
