"""A search by proposals on a table: what is proposed is looked up, in microseconds, and not trained."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence

import numpy as np
from attrs import define, field, frozen

from nasframe.errors import RunError
from nasframe.runtime import advised, counted, derive_seed
from nasframe.searching import CheckedProposer, ProposalLoop, Result, SearchProblem
from nasframe.space import Architecture, Assignment, network_key
from nasframe.tables import TableEntry, TabularBenchmark

__all__ = ["LookedUpSearches", "Step", "Trace"]


@frozen
class Step:
    """A moment of a search at which another architecture is the best so far.

    Attributes:
        cost: until then, in epochs of a median network.
        place: of the architecture's network in `LookedUpSearches.entries`.
        score: that the search was told, on validation; None where it was told none.
    """

    cost: float
    place: int
    score: float | None = None


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
        train: gives the truth of an architecture that the table does not hold; without it that is an error.

    Attributes:
        problem: its space, and the length of its trainings.
        entries: the networks of the table, those behind them that were trained on demand.
        keys: of these networks.
        own: places in `entries` of those that were not trained on demand.
        epochs: of a training.
        median: that of them whose training takes the median time.
        epoch_seconds: of that network.
    """

    table: TabularBenchmark
    train: Callable[[Architecture], TableEntry] | None = None
    problem: SearchProblem = field(init=False)
    entries: list[TableEntry] = field(init=False, repr=False)
    own: list[int] = field(init=False, repr=False)
    keys: list[str] = field(init=False, repr=False)
    epochs: int = field(init=False)
    median: TableEntry = field(init=False)
    epoch_seconds: float = field(init=False)
    _scores: list[list[list[float]]] = field(init=False, repr=False)
    _costs: list[float] = field(init=False, repr=False)
    _seconds: float = field(init=False, repr=False)
    _index: dict[str, int] = field(init=False, repr=False)
    _places: dict[tuple[tuple[str, str], ...], int] = field(init=False, repr=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        own = {key: entry for key, entry in self.table.entries.items() if not entry.on_demand}
        if all(self.table.score(entry, "test") is None for entry in own.values()):
            there = (
                f"{counted(len(own), 'network')}, none with a score on the test split"
                if own
                else "no network"
            )
            raise RunError(f"table {self.table.title!r}: holds {there}, so it can judge no loop")
        known = sorted(value for value in map(_seconds_of, own.values()) if value > 0)
        self._seconds = known[len(known) // 2] if known else math.nan
        self.epochs = max(
            (len(curve[0]) for entry in own.values() for curve in entry.validation.values()), default=1
        )
        self.epoch_seconds = self._seconds / self.epochs
        self.problem = SearchProblem(self.table.space(), self.epochs, keys=self.table.keys_of_architectures())
        self.entries, self.keys, self._scores, self._costs, self._index = [], [], [], [], {}
        for key, entry in (*self.table.entries.items(), *self.table.added.items()):
            self._add(key, entry)
        self.own = [place for place, key in enumerate(self.keys) if key in own]
        near = self._seconds if known else 0.0
        self.median = min(own.values(), key=lambda entry: abs(_seconds_of(entry) - near))

    def place(self, architecture: Architecture | Assignment) -> int:
        """Return the place of an architecture's network in `entries`; an assignment is of the table's space.

        Raises:
            RunError: the table does not hold it; names near ones.
        """
        own = not isinstance(architecture, Architecture)
        name = tuple(architecture.items()) if not isinstance(architecture, Architecture) else ()
        if own and name in self._places:
            return self._places[name]
        if isinstance(architecture, Architecture):
            self.table.check_fits(architecture)
            key = network_key(architecture)
        else:
            key = self.problem.key(architecture)
        found = self._index.get(key)
        if found is None:
            asked = (
                architecture
                if isinstance(architecture, Architecture)
                else Architecture(self.problem.space, architecture)
            )
            if self.train is None:
                raise RunError(self._missing(asked))
            found = self._add(key, self.train(asked))
        if own:
            self._places[name] = found
        return found

    def place_of(self, key: str) -> int:
        """Return the place of a network, given its key.

        Raises:
            RunError: the table does not hold it any more.
        """
        if key not in self._index:
            raise RunError(f"table {self.table.title!r}: does not hold the network {key[:16]} any more")
        return self._index[key]

    def cost(self, place: int) -> float:
        """Return the cost of an epoch of a network, in epochs of a median one."""
        return self._costs[place]

    def test_scores(self) -> list[float | None]:
        """Return the mean test score of each network over the trainings, at the epoch that counts."""
        return [self.table.score(entry, "test") for entry in self.entries]

    def search(self, loop: ProposalLoop, seed: int) -> Trace:
        """Return the course of one search.

        Raises:
            ConfigurationError: the options of the loop do not fit the table.
            ContractError: the loop breaks its contract; see `CheckedProposer`.
            RunError: the table does not hold what is proposed.
        """
        trainings = len(self.table.trainings)
        training = random.Random(derive_seed(seed, "training of the table")).randrange(trainings)
        proposer, full = CheckedProposer(loop, self.problem, seed), self.epochs
        trained: dict[int, int] = {}
        steps: list[Step] = []
        best, cost, trials = (0, -math.inf), 0.0, 0
        while batch := proposer.propose():
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
                    steps.append(Step(cost, place, score))
                entry = self.entries[place]
                size, operations = entry.parameters or 0, entry.multiply_adds or 0
                seconds = new * self._costs[place] * self.epoch_seconds
                results.append(Result(item, score, size, operations, new, seconds))
            proposer.tell(results)
            trials += len(batch)
        return Trace(seed, steps, cost, trials, cost * self.epoch_seconds)

    def _add(self, key: str, entry: TableEntry) -> int:
        """Learn a network, and return its place."""
        curves = np.full((len(self.table.trainings), self.epochs), np.nan)
        objective = entry.validation.get(self.table.objective)
        if objective is not None:
            curves[:, : objective.shape[1]] = objective
        best = np.fmax.accumulate(curves, axis=-1)
        self._scores.append(np.where(np.isnan(best), -np.inf, best).tolist())
        seconds = _seconds_of(entry)
        # where a table has no times, every network costs the same
        self._costs.append(seconds / self._seconds if seconds > 0 and self._seconds > 0 else 1.0)
        self.entries.append(entry)
        self.keys.append(key)
        self._index[key] = len(self.keys) - 1
        return self._index[key]

    def _missing(self, architecture: Architecture) -> str:
        near = [", ".join(differences[:4]) for _, differences in self.table.near(architecture, 2)]
        problem = (
            f"table {self.table.title!r}: holds {counted(len(self.table), 'network')}, and not that of the "
            f"architecture {architecture.fingerprint[:16]}, which a search proposes; in near ones "
            f"{' or '.join(near) or 'nothing is the same'}"
        )
        return advised(problem, "ask for it on demand (--train-missing)", "use a table of the whole space")


def _seconds_of(entry: TableEntry) -> float:
    """Return the mean time of an entry's trainings; 0 where none is known."""
    known = [value for value in entry.seconds.tolist() if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else 0.0
