"""A loop that is judged: its experiment, and the number of its searches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from nasframe.experiment import Experiment
from nasframe.searching import ProposalLoop
from nasframe.studies.axes import point_name
from nasframe.studies.loop_comparison.loop_trial import CHUNK

__all__ = ["JudgedLoop"]

_SEEDS, _GRADIENT_SEEDS = 1000, 10
"""Searches of each loop where none are given: of one that is looked up, and of one that trains a supernet."""


@frozen
class JudgedLoop:
    """A loop with its options, and the number of its searches.

    Attributes:
        name: shown to the user.
        experiment: the table's own, with this loop.
        seeds: number of searches, with seeds from 0.
    """

    name: str
    experiment: Experiment
    seeds: int

    @classmethod
    def of(cls, experiment: Experiment, point: Mapping[str, Any], seeds: int | None) -> JudgedLoop:
        """Return the loop of a variant."""
        named = ("loop.name", "relaxation.name")
        rest = {key: value for key, value in point.items() if key not in named}
        parts = [str(point[key]) for key in named if key in point]
        usual = _SEEDS if isinstance(experiment.loop, ProposalLoop) else _GRADIENT_SEEDS
        name = ",".join([*parts, *([point_name(rest)] if rest else [])])
        return cls(name, experiment, usual if seeds is None else seeds)

    @property
    def is_looked_up(self) -> bool:
        """True where the loop proposes, and nothing is trained."""
        return isinstance(self.experiment.loop, ProposalLoop)

    def chunks(self) -> list[range]:
        """Return the seeds of each trial."""
        size = CHUNK if self.is_looked_up else 1
        return [range(first, min(first + size, self.seeds)) for first in range(0, self.seeds, size)]
