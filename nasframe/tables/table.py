"""A table of the truth in memory: what training gave for every network that it holds."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from nasframe.errors import ArchitectureError, ConfigurationError, in_lines, nearest
from nasframe.plugins import RecordedNames
from nasframe.runtime import fingerprint
from nasframe.space import Architecture, SearchSpace, network_key
from nasframe.tables.recipe import Recipe

__all__ = ["Curves", "SplitName", "TableEntry", "TableTraining", "TabularBenchmark"]

SplitName: TypeAlias = Literal["validation", "test"]

Curves = NDArray[np.float64]
"""One metric, `(…, trainings, epochs)`; NaN where a training is missing or the metric is not defined."""

_MOST_SPACES = 64

_PRINTED, _LEAST_DIGITS = 16, 8  # digits of a fingerprint that are kept, and that may name an entry

_SPLITS: tuple[SplitName, SplitName] = ("validation", "test")


@frozen
class TableTraining:
    """One of the trainings that every network of a table gets.

    Attributes:
        seed: of the training.
        point: dotted key → value, the options in which its experiment differs from the table's own, such as
            `{"task.fold": 2}`.
        data: fingerprint of its data.
    """

    seed: int
    point: Mapping[str, Any] = field(factory=dict)
    data: str = ""


@frozen(eq=False)
class TableEntry:
    """One network of a table.

    Attributes:
        key: see `nasframe.space.network_key`; empty in a table of format 1 until it is asked for.
        assignment: of one architecture of the table's space that derives this network; of its own space where
            the network is outside of that.
        parameters, multiply_adds: of the network, the second for one example; None where they are unknown.
        seconds: of each training, `(trainings,)`; NaN where it is missing.
        validation, test: metric → its curve, `(trainings, epochs)`.
        best: of each training, the epoch that counts, from 1, `(trainings,)`; 0 where it is missing.
        on_demand: it was trained when somebody asked for it, after the table was made.
        architecture: the document of the architecture, where the table's space does not hold it.
        former_fingerprint: 16 digits of the architecture's fingerprint, as format 1 records them.
        versions: of nasframe and torch, by which it was trained on demand.
    """

    key: str
    assignment: Mapping[str, str]
    parameters: int | None
    multiply_adds: int | None
    seconds: NDArray[np.float64]
    validation: Mapping[str, Curves]
    test: Mapping[str, Curves]
    best: NDArray[np.int64]
    on_demand: bool = False
    architecture: Mapping[str, Any] | None = None
    former_fingerprint: str = ""
    versions: Mapping[str, str] = field(factory=dict)

    @property
    def missing(self) -> list[int]:
        """The numbers of the trainings that failed, or have not been done."""
        return [number for number, epoch in enumerate(self.best) if not epoch]

    def curves(self, split: SplitName) -> Mapping[str, Curves]:
        """Return metric → its curve, on a split.

        Raises:
            ConfigurationError: the split is another than `validation` or `test`.
        """
        if split not in _SPLITS:
            problem = f"split: expected validation or test, found {split!r}{nearest(str(split), _SPLITS)}"
            raise ConfigurationError("table", [problem])
        return self.validation if split == "validation" else self.test

    def at_best(self, split: SplitName, metric: str) -> NDArray[np.float64]:
        """Return a metric at the epoch that counts, of each training, `(trainings,)`."""
        found = np.full(len(self.best), np.nan)
        curve = self.curves(split).get(metric)
        for training, epoch in enumerate(self.best):
            if epoch and curve is not None:
                found[training] = curve[training, min(epoch, curve.shape[1]) - 1]
        return found


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
    _known: dict[tuple[str, frozenset[tuple[str, str]]], int | str] = field(
        init=False, repr=False, factory=dict
    )

    def __attrs_post_init__(self) -> None:
        origin = self._identity
        for place, entry in enumerate(self.listed):
            if entry.architecture is None:
                self._known.setdefault((origin, frozenset(entry.assignment.items())), place)

    def __eq__(self, other: object) -> bool:
        """Return True for a table that holds the same."""
        if not isinstance(other, TabularBenchmark):
            return NotImplemented
        return (self.path, self.record, self.rows) == (other.path, other.record, other.rows)

    __hash__ = None  # type: ignore[assignment]

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
        return self._space

    # -- look-up ----------------------------------------------------------------------------------------

    @functools.cached_property
    def entries(self) -> Mapping[str, TableEntry]:
        """Key of a network → its entry. A table of format 1 has to make its space for that."""
        return {key: self.listed[place] for key, place in self._places.items()}

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
        found = self._look_up(architecture)
        return self.listed[found] if isinstance(found, int) else self.added.get(found)

    def place(self, architecture: Architecture | Mapping[str, str] | str) -> int | None:
        """Return the place of an architecture's entry in `listed`, and in arrays over entries; see `find`.

        It is None for a network that was trained on demand.
        """
        found = self._look_up(architecture)
        return found if isinstance(found, int) else None

    def look_up(self, architecture: Architecture | Mapping[str, str] | str) -> TableEntry:
        """Return the entry of an architecture; see `find`.

        Raises:
            ArchitectureError: the table does not hold its network; the nearest ones are named.
        """
        found = self.find(architecture)
        if found is not None:
            return found
        if isinstance(architecture, str):
            raise ArchitectureError(
                f"table {self.title!r} holds no architecture and no network {architecture[:64]!r}"
            )
        lines = [
            f"{self._fingerprint(entry)}: {', '.join(changes)}" for entry, changes in self.near(architecture)
        ]
        title = f"table {self.title!r} does not hold the network of this architecture"
        raise ArchitectureError(in_lines(f"{title}; near ones:" if lines else title, *lines))

    def _look_up(self, architecture: Architecture | Mapping[str, str] | str) -> int | str:
        """Return the place of a network in `listed`; its key where it is not there."""
        if isinstance(architecture, str):
            return self._by_digits(architecture)
        if not isinstance(architecture, Architecture | Mapping):
            kind = type(architecture).__name__
            raise ArchitectureError(f"expected an architecture, an assignment or digits, found {kind}")
        if isinstance(architecture, Architecture):
            origin, assignment = self._origin_of(architecture.space), architecture.assignment
        else:
            origin, assignment = self._identity, architecture
        known = origin, frozenset(assignment.items())
        try:
            return self._known[known]
        except KeyError:
            pass
        if not isinstance(architecture, Architecture):
            architecture = Architecture(self.space(), assignment)
            known = origin, frozenset(architecture.assignment.items())
        if origin == self._identity and self._fill() and known in self._known:
            return self._known[known]
        self.check_fits(architecture)
        key = network_key(architecture)
        found = self._places.get(key, key)
        if origin:
            self._known[known] = found
        return found

    def _by_digits(self, digits: str) -> int | str:
        """Return the place of the network that digits begin; its key where it was trained on demand, and the
        digits where there is none."""
        if digits in self._places:
            return self._places[digits]
        if len(digits) < _LEAST_DIGITS or not set(digits) <= set("0123456789abcdef"):
            raise ArchitectureError(
                f"expected {_LEAST_DIGITS} or more of the digits that table {self.title!r} prints, found "
                f"{digits[:64]!r}"
            )
        begins = digits[:_PRINTED]
        found: dict[str, int | str] = {
            key: place
            for key, place in self._places.items()
            if key.startswith(digits) or self._fingerprints[place].startswith(begins)
        }
        for key, entry in self.added.items():
            if key.startswith(digits) or self._fingerprint(entry).startswith(begins):
                found.setdefault(key, key)
        if len(found) > 1:
            raise ArchitectureError(
                f"table {self.title!r} holds {len(found)} networks that begin with {digits!r}; say more"
            )
        return next(iter(found.values()), digits)

    def check_fits(self, architecture: Architecture) -> None:
        """Refuse an architecture for other data than the table's.

        Raises:
            ArchitectureError: says which inputs, or how many outputs, differ.
        """
        own = self.record.get("space") or {}
        wanted = {name: tuple(shape) for name, shape in (own.get("inputs") or {}).items()}
        found = {name: tuple(shape or ()) for name, shape in architecture.space.inputs.items()}
        if wanted and wanted != found:
            raise ArchitectureError(
                f"the architecture takes the inputs {found}, those of table {self.title!r} are {wanted}"
            )
        origin = architecture.space.origin
        outputs = own.get("outputs")
        if origin is not None and outputs is not None and origin["outputs"] != outputs:
            raise ArchitectureError(
                f"the architecture gives {origin['outputs']} outputs, table {self.title!r} is of {outputs}"
            )

    def near(
        self, architecture: Architecture | Mapping[str, str], count: int = 3
    ) -> list[tuple[TableEntry, list[str]]]:
        """Return the entries whose assignments differ in the fewest choices, with what differs.

        Those of an architecture that shares no choice with the table's space are none.
        """
        wanted: Mapping[str, str] = (
            architecture.assignment if isinstance(architecture, Architecture) else architecture
        )

        def changes(entry: TableEntry) -> list[str]:
            names = dict.fromkeys([*wanted, *entry.assignment])
            pairs = [(name, wanted.get(name), entry.assignment.get(name)) for name in names]
            return [f"{name} is {there}" for name, here, there in pairs if here != there]

        own = [entry for entry in self.listed if entry.architecture is None]
        own = [entry for entry in own if {*wanted} & {*entry.assignment}]
        found = sorted(((entry, changes(entry)) for entry in own), key=lambda pair: len(pair[1]))
        return found[:count]

    def keys_of_architectures(self) -> dict[tuple[tuple[str, str], ...], str]:
        """Return assignment → the key of its network, for each architecture of the space in its order.

        It is empty where the document does not list them.
        """
        return {assignment: self.listed[place].key for assignment, place in self._listing.items()}

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
            self._row(entry, print_) for entry, print_ in zip(self.listed, self._fingerprints, strict=True)
        ]

    def _row(self, entry: TableEntry, print_: str) -> dict[str, Any]:
        once = (
            {"best_epoch": int(entry.best[0]), "seed": self.trainings[0].seed}
            if len(self.trainings) == 1
            else {}
        )
        scores: dict[str, Any] = {
            split: {name: _mean(entry.at_best(split, name)) for name in entry.curves(split)}
            for split in _SPLITS
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

    # -- caches -----------------------------------------------------------------------------------------

    @functools.cached_property
    def _origin(self) -> str:
        return json.dumps(self.record.get("space") or {}, sort_keys=True)

    @functools.cached_property
    def _identity(self) -> str:
        names = self.names.plugins.get("operation", {})
        return _identity_of(self.record.get("space") or {}, names)

    @functools.cached_property
    def _origins(self) -> dict[int, tuple[SearchSpace, str]]:
        return {}  # with the space, so that no other one gets its number

    def _origin_of(self, space: SearchSpace) -> str:
        """Return the identity of a space; empty where no factory made it."""
        found = self._origins.get(id(space))
        if found is None or found[0] is not space:
            if len(self._origins) >= _MOST_SPACES:
                self._origins.clear()
            made = space.origin is not None
            text = _identity_of(space.origin, space.wiring.operations) if made else ""
            found = self._origins[id(space)] = (space, text)
        return found[1]

    @functools.cached_property
    def _space(self) -> SearchSpace:
        return self.recipe.space()

    @functools.cached_property
    def _places(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for place, entry in enumerate(self.listed):
            found.setdefault(entry.key or network_key(Architecture(self.space(), entry.assignment)), place)
        return found

    def _fill(self) -> bool:
        """Learn the network of every architecture, where the document lists them; return True where it did.

        So the keys of a large table need not be computed: a listing that is not of this space is not used.
        """
        if self._listing and not self._filled:
            self._filled.append(True)
            self._known.update(
                ((self._identity, frozenset(assignment)), place)
                for assignment, place in self._listing.items()
            )
        return bool(self._listing)

    @functools.cached_property
    def _listing(self) -> Mapping[tuple[tuple[str, str], ...], int]:
        """The place of each architecture's network, where the document lists them for this space."""
        listing = self.record.get("of_architectures")
        if not listing:
            return {}
        space = self.space()
        if len(listing) != space.count() or max(listing) >= len(self.listed):
            return {}
        pairs = zip(space.enumerate(), listing, strict=True)
        found = {tuple(assignment.items()): place for assignment, place in pairs}
        learnt = {frozenset(assignment): place for assignment, place in found.items()}
        own = [(known, place) for (origin, known), place in self._known.items() if origin == self._identity]
        return found if all(learnt.get(known) == place for known, place in own) else {}

    @functools.cached_property
    def _filled(self) -> list[bool]:
        return []

    @functools.cached_property
    def _fingerprints(self) -> Sequence[str]:
        return [self._fingerprint(entry) for entry in self.listed]

    def _fingerprint(self, entry: TableEntry) -> str:
        if entry.former_fingerprint:
            return entry.former_fingerprint
        other = entry.architecture
        origin = self._origin if other is None else json.dumps(other["space"], sort_keys=True)
        return fingerprint([origin, dict(entry.assignment)])[:_PRINTED]


def _identity_of(origin: Any, operations: Mapping[str, str]) -> str:
    """Return a text that is the same for spaces of one origin and operations of the same plugins."""
    return json.dumps([origin, dict(operations)], sort_keys=True)


def _mean(values: Iterable[float]) -> float | None:
    known = [float(value) for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else None
