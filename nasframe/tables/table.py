"""A table of the truth in memory: what training gave for every network that it holds."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from nasframe.errors import ConfigurationError, nearest
from nasframe.plugins import RecordedNames
from nasframe.runtime import counted, visible
from nasframe.space import Architecture, SearchSpace
from nasframe.tables.entry import SPLITS, Curves, SplitName, TableEntry, TableTraining
from nasframe.tables.network_index import NetworkIndex
from nasframe.tables.recipe import Recipe

__all__ = ["TabularBenchmark"]


@frozen(eq=False, slots=False)
class TabularBenchmark:
    """The truth of a space: scores of every network that the table holds, and the recipe that gave them.

    An entry is a network that was built: architectures that derive the same network, also those of another
    space over the same inputs, are one entry.

    Attributes:
        path: of its file or folder.
        record: all of its document but the entries: title, recipe, versions, caveats, what failed.
        trainings: those that every network gets; the last axis but one of curves is in their order.
        listed: the entries, in the order in which the table lists them.
        added: key of a network → its entry, of those that were trained on demand and lie beside the table.
        left_out: keys of networks that lie there too, and had other trainings than the table's networks have.
    """

    path: Path
    record: Mapping[str, Any] = field(repr=False)
    trainings: Sequence[TableTraining]
    listed: Sequence[TableEntry] = field(repr=False)
    added: dict[str, TableEntry] = field(repr=False, factory=dict)
    left_out: list[str] = field(repr=False, factory=list)

    def __eq__(self, other: object) -> bool:
        """Return True for a table that holds the same."""
        if not isinstance(other, TabularBenchmark):
            return NotImplemented
        return (self.path, self.record, self.rows) == (other.path, other.record, other.rows)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Return two lines: title, number of networks and trainings, objective; and the place."""
        size = f"{counted(len(self), 'network')}, {counted(len(self.trainings), 'training')} each"
        head = f"{visible(self.title)}: {size}; {visible(self.objective)}"
        return f"<TabularBenchmark {head}\n  {visible(str(self.path))}>"

    def __len__(self) -> int:
        """Return the number of networks."""
        return len(self.listed)

    # -- what it is -------------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """Its title; the name of its file where it has none."""
        return str(self.record.get("title") or self.path.name)

    @property
    def objective(self) -> str:
        """The metric that counts; larger is better."""
        return str(self.record["objective"])

    @property
    def names(self) -> RecordedNames:
        """The names of its space, operations and task, and the plugins that they meant when it was made."""
        return RecordedNames.of(self.record)

    @property
    def recipe(self) -> Recipe:
        """The experiment by which its networks were trained."""
        return Recipe(self.record, str(self.path))

    @property
    def standard_error(self) -> float | None:
        """Of a test score, over what is independent in the test split, as the recipe's author found it."""
        found = self.record.get("standard_error")
        return None if found is None else float(found["value"])

    @property
    def caveats(self) -> list[str]:
        """Sentences that say which conclusions its numbers support."""
        found = [*(self.record.get("caveats") or ())]
        if self.left_out:
            found.append(
                f"Networks that were trained on demand and are left out: {len(self.left_out)}. The table's "
                "own have other trainings now; such a network is trained again when it is asked for."
            )
        return found

    def experiment(self) -> Any:
        """Return the experiment by which its networks were trained, with the table's own seed and point.

        Raises:
            PluginError, ConfigurationError: a plugin is not here, or has other options now.
        """
        return self.recipe.experiment()

    def space(self) -> SearchSpace:
        """Return its space.

        Raises:
            PluginError, ConfigurationError, SpaceError: it cannot be made, for example because its plugin is
                not here.
        """
        return self._index.space

    # -- look-up ----------------------------------------------------------------------------------------

    @functools.cached_property
    def entries(self) -> Mapping[str, TableEntry]:
        """Key of a network → its entry. A table of format 1 has to make its space for that."""
        return {key: self.listed[place] for key, place in self._index.places.items()}

    def find(self, architecture: Architecture | Mapping[str, str] | str) -> TableEntry | None:
        """Return the entry of an architecture; None where the table does not hold its network.

        Args:
            architecture: one of any space over the same inputs; or an assignment of the table's own space; or
                the first 8 digits or more of the key of a network, or of the fingerprint of an architecture
                of its space.

        Raises:
            ArchitectureError: it has other inputs or outputs than the table's data, is no assignment of the
                table's space, or digits that are too few or begin those of several networks.
        """
        found = self._index.find(architecture)
        return self.listed[found] if isinstance(found, int) else self.added.get(found)

    def place(self, architecture: Architecture | Mapping[str, str] | str) -> int | None:
        """Return the place of an architecture's entry in `listed`, and in arrays over entries; see `find`.

        It is None for a network that was trained on demand.
        """
        found = self._index.find(architecture)
        return found if isinstance(found, int) else None

    def look_up(self, architecture: Architecture | Mapping[str, str] | str) -> TableEntry:
        """Return the entry of an architecture; see `find`.

        Raises:
            ArchitectureError: the table does not hold its network; the nearest ones are named.
        """
        found = self.find(architecture)
        if found is None:
            raise self._index.missing(architecture)
        return found

    def check_fits(self, architecture: Architecture) -> None:
        """Refuse an architecture for other data than the table's.

        Raises:
            ArchitectureError: says which inputs, or how many outputs, differ.
        """
        self._index.check_fits(architecture)

    def near(
        self, architecture: Architecture | Mapping[str, str], count: int = 3
    ) -> list[tuple[TableEntry, list[str]]]:
        """Return the entries whose assignments differ in the fewest choices, with what differs.

        Those of an architecture that shares no choice with the table's space are none.
        """
        return self._index.near(architecture, count)

    def keys_of_architectures(self) -> dict[tuple[tuple[str, str], ...], str]:
        """Return assignment → the key of its network, for each architecture of the space in its order.

        It is empty where the document does not list them.
        """
        return {
            assignment: self.listed[place].key for assignment, place in self._index.of_architectures.items()
        }

    # -- scores -----------------------------------------------------------------------------------------

    def metrics(self, split: SplitName) -> list[str]:
        """Return the metrics of a split, in the order of the document."""
        return [*dict.fromkeys(name for entry in self.listed for name in entry.curves(split))]

    def curves(self, split: SplitName, metric: str | None = None) -> Curves:
        """Return a metric of all entries after every epoch, `(entries, trainings, epochs)`.

        Args:
            split: `validation` or `test`.
            metric: None is the objective.

        Raises:
            ConfigurationError: another split, or a metric that the table does not hold.
        """
        name = self._metric(split, metric)
        found = [entry.curves(split).get(name) for entry in self.listed]
        epochs = max((curve.shape[1] for curve in found if curve is not None), default=1)
        result = np.full((len(found), len(self.trainings), epochs), np.nan)
        for place, curve in enumerate(found):
            if curve is not None:
                result[place, :, : curve.shape[1]] = curve
        return result

    def final(self, split: SplitName, metric: str | None = None) -> NDArray[np.float64]:
        """Return a metric of all entries at the epoch that counts, `(entries, trainings)`; see `curves`."""
        name = self._metric(split, metric)
        found = [entry.at_best(split, name) for entry in self.listed]
        return np.array(found).reshape(len(self.listed), len(self.trainings))

    def scores(self, split: SplitName) -> list[float | None]:
        """Return the objective of each entry at the epoch that counts, the mean over its trainings.

        None where it is not defined.
        """
        return [_mean(values) for values in self.final(split)]

    def best_epoch(self, entry: TableEntry, training: int, epochs: int | None = None) -> int:
        """Return the epoch that counts, from 1; 0 where the training is missing.

        It is the best on validation; of equals that of the lowest loss, where the table holds it, and of
        equals the first.

        Args:
            entry: of the table.
            training: its number.
            epochs: count the first ones alone, as where a training is stopped early; None for all.

        Raises:
            ConfigurationError: there is no such training, or they are more epochs than one has, or none.
        """
        self._check_numbers(training, epochs)
        best = int(entry.best[training])
        if not best or epochs is None or best <= epochs:
            return best
        curve = entry.validation.get(self.objective)
        if curve is None:
            return best
        objective = np.nan_to_num(curve[training, :epochs], nan=-np.inf)
        loss = entry.validation.get("loss")
        losses = (
            np.zeros(len(objective)) if loss is None else np.nan_to_num(loss[training, :epochs], nan=np.inf)
        )
        return int(np.lexsort((np.arange(len(objective)), losses, -objective))[0]) + 1

    def score(
        self,
        entry: TableEntry,
        split: SplitName,
        training: int | None = None,
        *,
        epochs: int | None = None,
        metric: str | None = None,
    ) -> float | None:
        """Return a score at the epoch that counts; None where it is not defined.

        Args:
            entry: of the table.
            split: `validation` or `test`.
            training: its number; None is the mean over all.
            epochs: see `best_epoch`.
            metric: None is the objective.

        Raises:
            ConfigurationError: another split, training or number of epochs, or a metric that the table does
                not hold.
        """
        name = self._metric(split, metric)
        numbers = range(len(self.trainings)) if training is None else [training]
        curve = entry.curves(split).get(name)
        if curve is None:
            return None
        places = [(number, self.best_epoch(entry, number, epochs)) for number in numbers]
        return _mean([curve[number, min(epoch, curve.shape[1]) - 1] for number, epoch in places if epoch])

    def _metric(self, split: SplitName, metric: str | None) -> str:
        if metric is None:
            return self.objective
        held = self.metrics(split)
        if metric not in (*held, self.objective):
            problem = f"metric: no {metric!r} on the split {split}{nearest(str(metric), held)}"
            raise ConfigurationError(f"table {self.title!r}", [problem])
        return metric

    def _check_numbers(self, training: int, epochs: int | None) -> None:
        problems, last, most = [], len(self.trainings) - 1, int(self.record.get("epochs") or 1)
        if not 0 <= training <= last:
            problems.append(f"training: expected 0 to {last}, found {training}")
        if epochs is not None and not 1 <= epochs <= most:
            problems.append(f"epochs: expected 1 to {most}, found {epochs}")
        if problems:
            raise ConfigurationError(f"table {self.title!r}", problems)

    @functools.cached_property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """The entries as plain values: scores at the epoch that counts, the mean over the trainings.

        `fingerprint` (16 digits, of the architecture), `key`, `assignment`, `validation` and `test` (metric →
        mean), `parameters`, `multiply_adds`, `seconds` (the sum), and of a table with one training its
        `best_epoch` and `seed`.
        """
        return [
            self._row(entry, print_)
            for entry, print_ in zip(self.listed, self._index.fingerprints, strict=True)
        ]

    def _row(self, entry: TableEntry, print_: str) -> dict[str, Any]:
        once = (
            {"best_epoch": int(entry.best[0]), "seed": self.trainings[0].seed}
            if len(self.trainings) == 1
            else {}
        )
        scores: dict[str, Any] = {
            split: {name: _mean(entry.at_best(split, name)) for name in entry.curves(split)}
            for split in SPLITS
        }
        known = [value for value in entry.seconds.tolist() if not math.isnan(value)]
        return {
            "fingerprint": print_,
            "key": entry.key,
            "assignment": dict(entry.assignment),
            "parameters": entry.parameters,
            "multiply_adds": entry.multiply_adds,
            **scores,
            **once,
            "seconds": sum(known) if known else None,
        }

    @functools.cached_property
    def _index(self) -> NetworkIndex:
        return NetworkIndex(self.title, self.recipe, self.listed, self.added)


def _mean(values: Iterable[float]) -> float | None:
    known = [float(value) for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else None
