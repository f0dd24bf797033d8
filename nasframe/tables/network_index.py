"""The index of a table: the place of a network in it, by its architecture or by digits of it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from nasframe.errors import ArchitectureError, in_lines
from nasframe.plugins import RecordedNames
from nasframe.runtime import counted, fingerprint
from nasframe.space import Architecture, SearchSpace, network_key
from nasframe.tables.entry import TableEntry
from nasframe.tables.recipe import Recipe

__all__ = ["NetworkIndex"]

_MOST_SPACES = 64

_PRINTED, _LEAST_DIGITS = 16, 8  # digits of a fingerprint that are kept, and that may name an entry


@frozen(eq=False, slots=False)
class NetworkIndex:
    """The networks of a table, by architecture, assignment or digits; see `TabularBenchmark.find`.

    No key is computed for an architecture that an entry holds, or that the document lists.

    Attributes:
        title: of the table, for errors.
        recipe: of the table, with its record.
        listed: the entries of the table, in its order.
        added: key of a network → its entry, of those that were trained on demand; may grow.
    """

    title: str
    recipe: Recipe
    listed: Sequence[TableEntry] = field(repr=False)
    added: Mapping[str, TableEntry] = field(repr=False)
    _known: dict[tuple[str, frozenset[tuple[str, str]]], int | str] = field(
        init=False, repr=False, factory=dict
    )

    def __attrs_post_init__(self) -> None:
        origin = self._identity
        for place, entry in enumerate(self.listed):
            if entry.architecture is None:
                self._known.setdefault((origin, frozenset(entry.assignment.items())), place)

    @functools.cached_property
    def space(self) -> SearchSpace:
        """The table's space; see `TabularBenchmark.space` for the errors."""
        return self.recipe.space()

    @functools.cached_property
    def places(self) -> Mapping[str, int]:
        """Key of a network → its place in `listed`. A table of format 1 has to make its space for that."""
        found: dict[str, int] = {}
        for place, entry in enumerate(self.listed):
            found.setdefault(entry.key or network_key(Architecture(self.space, entry.assignment)), place)
        return found

    @functools.cached_property
    def fingerprints(self) -> Sequence[str]:
        """Of each of `listed`, the 16 digits that the table prints."""
        return [self.fingerprint(entry) for entry in self.listed]

    def find(self, architecture: Architecture | Mapping[str, str] | str) -> int | str:
        """Return the place of a network in `listed`; its key where it is not there.

        Raises:
            ArchitectureError: see `TabularBenchmark.find`.
        """
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
            architecture = Architecture(self.space, assignment)
            known = origin, frozenset(architecture.assignment.items())
        if origin == self._identity and self._fill() and known in self._known:
            return self._known[known]
        self.check_fits(architecture)
        key = network_key(architecture)
        found = self.places.get(key, key)
        if origin:
            self._known[known] = found
        return found

    def check_fits(self, architecture: Architecture) -> None:
        """Refuse an architecture for other data than the table's.

        Raises:
            ArchitectureError: says which inputs, or how many outputs, differ.
        """
        own = self._record.get("space") or {}
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
                f"the architecture gives {counted(origin['outputs'], 'output')}, table "
                f"{self.title!r} is of {outputs}"
            )

    def missing(self, architecture: Architecture | Mapping[str, str] | str) -> ArchitectureError:
        """Return the error of an architecture that the table does not hold; it names near ones."""
        if isinstance(architecture, str):
            return ArchitectureError(
                f"table {self.title!r} holds no architecture and no network {architecture[:64]!r}"
            )
        lines = [
            f"{self.fingerprint(entry)}: {', '.join(changes)}" for entry, changes in self.near(architecture)
        ]
        title = f"table {self.title!r} does not hold the network of this architecture"
        return ArchitectureError(in_lines(f"{title}; near ones:" if lines else title, *lines))

    def near(
        self, architecture: Architecture | Mapping[str, str], count: int = 3
    ) -> list[tuple[TableEntry, list[str]]]:
        """Return the entries whose assignments differ in the fewest choices; see `TabularBenchmark.near`."""
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

    def fingerprint(self, entry: TableEntry) -> str:
        """Return the 16 digits that the table prints of an entry's architecture."""
        if entry.former_fingerprint:
            return entry.former_fingerprint
        other = entry.architecture
        origin = self._origin if other is None else json.dumps(other["space"], sort_keys=True)
        return fingerprint([origin, dict(entry.assignment)])[:_PRINTED]

    @functools.cached_property
    def of_architectures(self) -> Mapping[tuple[tuple[str, str], ...], int]:
        """Assignment → place, for each architecture of the space, where the document lists them for it."""
        listing = self._record.get("of_architectures")
        if not listing:
            return {}
        there = self.space.how_many()
        if not there.exact or len(listing) != there.value or max(listing) >= len(self.listed):
            return {}
        pairs = zip(self.space.enumerate(), listing, strict=True)
        found = {tuple(assignment.items()): place for assignment, place in pairs}
        learnt = {frozenset(assignment): place for assignment, place in found.items()}
        own = [(known, place) for (origin, known), place in self._known.items() if origin == self._identity]
        return found if all(learnt.get(known) == place for known, place in own) else {}

    def _by_digits(self, digits: str) -> int | str:
        """Return the place of the network that digits begin; its key where it was trained on demand, and the
        digits where there is none."""
        if digits in self.places:
            return self.places[digits]
        if len(digits) < _LEAST_DIGITS or not set(digits) <= set("0123456789abcdef"):
            raise ArchitectureError(
                f"expected {_LEAST_DIGITS} or more of the digits that table {self.title!r} prints, found "
                f"{digits[:64]!r}"
            )
        begins = digits[:_PRINTED]
        found: dict[str, int | str] = {
            key: place
            for key, place in self.places.items()
            if key.startswith(digits) or self.fingerprints[place].startswith(begins)
        }
        for key, entry in self.added.items():
            if key.startswith(digits) or self.fingerprint(entry).startswith(begins):
                found.setdefault(key, key)
        if len(found) > 1:
            raise ArchitectureError(
                f"table {self.title!r} holds {len(found)} networks that begin with {digits!r}; say more"
            )
        return next(iter(found.values()), digits)

    def _fill(self) -> bool:
        """Learn the network of every architecture, where the document lists them; return True where it did.

        So the keys of a large table need not be computed: a listing that is not of this space is not used.
        """
        if self.of_architectures and not self._filled:
            self._filled.append(True)
            self._known.update(
                ((self._identity, frozenset(assignment)), place)
                for assignment, place in self.of_architectures.items()
            )
        return bool(self.of_architectures)

    @functools.cached_property
    def _filled(self) -> list[bool]:
        return []

    @property
    def _record(self) -> Mapping[str, Any]:
        return self.recipe.record

    @functools.cached_property
    def _origin(self) -> str:
        return json.dumps(self._record.get("space") or {}, sort_keys=True)

    @functools.cached_property
    def _identity(self) -> str:
        names = RecordedNames.of(self._record).plugins.get("operation", {})
        return _identity_of(self._record.get("space") or {}, names)

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


def _identity_of(origin: Any, operations: Mapping[str, str]) -> str:
    """Return a text that is the same for spaces of one origin and operations of the same plugins."""
    return json.dumps([origin, dict(operations)], sort_keys=True)
