"""A search by proposals on a table: what is proposed is looked up, in microseconds, and not trained."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import numpy as np
from attrs import define, field, frozen

from nasframe.errors import RunError
from nasframe.runtime import derive_seed
from nasframe.searching import ProposalLoop, Result, SearchProblem
from nasframe.space import Architecture, Assignment
from nasframe.tables import TableEntry, TabularBenchmark

__all__ = ["LookedUpSearches", "Step", "Trace"]


@frozen
class Step:
    """A moment of a search at which another architecture is the best so far.

    Attributes:
        cost: until then, in epochs of a median network.
        place: of the architecture's entry in the table.
    """

    cost: float
    place: int


@frozen
class Trace:
    """The course of one search on a table.

    Attributes:
        seed: of the search.
        steps: each with a better architecture, among those that are trained longest; empty where none had a
            score.
        cost: of the whole, in epochs of a median network.
        trials: architectures that were proposed.
        seconds: of the whole, on the machine that made the table.
    """

    seed: int
    steps: Sequence[Step]
    cost: float
    trials: int
    seconds: float


@define
class LookedUpSearches:
    """Searches on one table; what they share is computed once.

    A search sees one of the table's trainings, which its seed chooses: the objective on validation at the
    best of the epochs that were asked for. Epochs of a network that were paid for once are free when the
    network is proposed again.

    Args:
        table: that is asked.

    Attributes:
        problem: its space, and the length of its trainings.
        epochs: of a training.
        median: the network whose training takes the median time.
        epoch_seconds: of that network.
    """

    table: TabularBenchmark
    problem: SearchProblem = field(init=False)
    epochs: int = field(init=False)
    median: TableEntry = field(init=False)
    epoch_seconds: float = field(init=False)
    _scores: list[list[list[float]]] = field(init=False, repr=False)
    _costs: list[float] = field(init=False, repr=False)
    _places: dict[tuple[tuple[str, str], ...], int] = field(init=False, repr=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        best = np.fmax.accumulate(self.table.curves("validation"), axis=-1)
        self._scores = np.where(np.isnan(best), -np.inf, best).tolist()
        self.epochs = best.shape[-1]
        self.problem = SearchProblem(self.table.space(), self.epochs)
        seconds = [_mean(entry.seconds.tolist()) for entry in self.table.listed]
        ordered = sorted(range(len(seconds)), key=seconds.__getitem__)
        known = [place for place in ordered if seconds[place] > 0] or ordered
        self.median = self.table.listed[known[len(known) // 2]]
        median = seconds[known[len(known) // 2]] or math.nan
        self.epoch_seconds = median / self.epochs
        # where a table has no times, every network costs the same
        self._costs = [value / median if value > 0 else 1.0 for value in seconds]

    def place(self, assignment: Assignment) -> int:
        """Return the place of an architecture's entry in the table.

        Raises:
            RunError: the table does not hold it; names near ones.
        """
        name = tuple(assignment.items())
        found = self._places.get(name)
        if found is None:
            found = self.table.place(self.problem.key(assignment))
            if found is None:
                raise RunError(self._missing(assignment))
            self._places[name] = found
        return found

    def cost(self, place: int) -> float:
        """Return the cost of an epoch of a network, in epochs of a median one."""
        return self._costs[place]

    def search(self, loop: ProposalLoop, seed: int) -> Trace:
        """Return the course of one search.

        Raises:
            ConfigurationError: the options of the loop do not fit the table.
            RunError: the table does not hold what is proposed.
        """
        trainings = len(self.table.trainings)
        training = random.Random(derive_seed(seed, "training of the table")).randrange(trainings)
        proposer, full = loop.start(self.problem, seed), self.epochs
        trained: dict[int, int] = {}
        steps: list[Step] = []
        best, cost, trials = (0, -math.inf), 0.0, 0
        while batch := proposer.propose(loop.batch):
            results = []
            for item in batch:
                place, epochs = self.place(item.assignment), item.epochs or full
                new = max(0, epochs - trained.get(place, 0))
                if new:
                    trained[place] = epochs
                    cost += new * self._costs[place]
                score = self._scores[place][training][epochs - 1]
                if score > -math.inf and (epochs, score) > best:
                    best = epochs, score
                    steps.append(Step(cost, place))
                entry = self.table.listed[place]
                size, operations = entry.parameters or 0, entry.multiply_adds or 0
                seconds = new * self._costs[place] * self.epoch_seconds
                results.append(Result(item, score, size, operations, new, seconds))
            proposer.tell(results)
            trials += len(batch)
        return Trace(seed, steps, cost, trials, cost * self.epoch_seconds)

    def _missing(self, assignment: Assignment) -> str:
        near = self.table.near(assignment, 2)
        shown = " or ".join(_differences(assignment, entry.assignment) for entry in near)
        name = Architecture(self.problem.space, assignment).fingerprint[:16]
        return (
            f"table {self.table.title!r}: holds {len(self.table)} networks, and not that of the architecture "
            f"{name}, which a search proposes; near ones differ in {shown}. Searches are looked up in tables "
            "that hold their whole space"
        )


def _differences(one: Assignment, other: Assignment) -> str:
    names = [name for name in one if one[name] != other.get(name)]
    return ", ".join(f"{name}={other.get(name)}" for name in names[:4]) or "nothing"


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else 0.0
