"""A loop that is judged: its experiment, and the number of its searches."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from nasframe.experiment import Experiment
from nasframe.searching import ProposalLoop
from nasframe.studies.axes import point_name

__all__ = ["JudgedLoop"]

_CHUNK = 250  # the most looked-up searches of one trial, which read the table once

_SEEDS, _GRADIENT_SEEDS = 1000, 10
"""Searches of each loop where none are given: of one that is looked up, and of one that trains a supernet."""


@frozen
class JudgedLoop:
    """A loop with its options, and the number of its searches.

    Attributes:
        name: shown to the user.
        experiment: the table's own, with this loop.
        at_points: name of a point of the table → the experiment there, for a search that sees its data; the
            name is empty where that is the table's own.
        seeds: number of searches, with seeds from 0.
    """

    name: str
    experiment: Experiment
    at_points: Mapping[str, Experiment]
    seeds: int

    @classmethod
    def of(
        cls,
        experiment: Experiment,
        point: Mapping[str, Any],
        at_points: Mapping[str, Experiment],
        seeds: int | None,
    ) -> JudgedLoop:
        """Return the loop of a variant, given its experiment at each point of the table.

        Where no number is given, gradient searches are as many at each point.
        """
        if isinstance(experiment.loop, ProposalLoop):  # all else has no part in a search that is looked up
            point = {key: value for key, value in point.items() if key.startswith("loop.")}
        named = ("loop.name", "relaxation.name")
        rest = {key: value for key, value in point.items() if key not in named}
        parts = [str(point[key]) for key in named if key in point]
        name = ",".join([*parts, *([point_name(rest)] if rest else [])])
        own, points = experiment.to_toml(), dict[str, tuple[str, Experiment]]()
        for place, item in at_points.items():
            toml = item.to_toml()  # two points are one where an override takes away their difference
            points.setdefault(toml, ("" if toml == own else place, item))
        at_points = dict(points.values())
        if seeds is None:
            looked_up = isinstance(experiment.loop, ProposalLoop)
            seeds = _SEEDS if looked_up else _next_multiple(_GRADIENT_SEEDS, len(at_points))
        return cls(name, experiment, at_points, seeds)

    @property
    def is_looked_up(self) -> bool:
        """True where the loop proposes, and nothing is trained."""
        return isinstance(self.experiment.loop, ProposalLoop)

    @property
    def even_seeds(self) -> int:
        """The number of searches, or the next larger one with which each point counts the same."""
        return self.seeds if self.is_looked_up else _next_multiple(self.seeds, len(self.at_points))

    def of_seed(self, seed: int) -> tuple[str, Experiment]:
        """Return the point that a search with this seed sees, and the experiment there: seeds take them in
        turn. A search that is looked up needs none."""
        if self.is_looked_up:
            return "", self.experiment
        return [*self.at_points.items()][seed % len(self.at_points)]

    def chunks(self) -> list[range]:
        """Return the seeds of each trial."""
        size = _CHUNK if self.is_looked_up else 1
        return [range(first, min(first + size, self.seeds)) for first in range(0, self.seeds, size)]


def _next_multiple(seeds: int, points: int) -> int:
    return math.ceil(seeds / points) * points
