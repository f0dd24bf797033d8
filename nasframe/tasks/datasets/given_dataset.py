"""A data set or loader of the user: its items, what an experiment records of it, and its targets."""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, MethodType
from typing import Any, ClassVar

import attrs
import torch
from attrs import define, field
from torch import Tensor
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
    default_collate,
)

from nasframe.errors import DataError
from nasframe.operations import Shape
from nasframe.tasks.datasets.item_workers import ItemWorkers
from nasframe.tasks.datasets.naming_data_set import naming_data_set
from nasframe.tasks.datasets.read_items import ItemFormat, ItemReader
from nasframe.tasks.values_in_words import kind_in_words

__all__ = ["GivenDataset"]

_AT_ONCE = 64
"""Items that are read together to be hashed. It enters what is recorded: never change it."""

_PROBED = 8
"""Items that are looked at where a data set is not to be read as a whole."""

_KNOWN: dict[str, GivenDataset] = {}
"""The record of a data set → the data set, so that a study in this process finds it again.

References are strong: a run is trained and evaluated by its folder alone, when the script that searched may
hold the task no more. A later data set of the same content takes the place of the earlier one.
"""


@define(eq=False)
class GivenDataset:
    """A map-style data set, with what a loader says about it.

    An experiment records it as text: its split, its class, its length, all that a loader says and that
    changes what is learned, and a hash of its items or the name that the user gave. Another experiment of
    this process finds it again by this text, so two different data sets never have one.

    Attributes:
        reader: of its items.
        workers: processes that read items.
        begin, context: of a loader; see `ItemWorkers`.
        format: the parts of an item.
        split: for which it was given.
        known_as: a name in place of the hash; empty where there is none.
        sampling_weights: of a loader with a WeightedRandomSampler, `(items,)`.
    """

    plain_name: ClassVar[str] = "data set or DataLoader"

    reader: ItemReader
    workers: int = 0
    begin: Callable[[int], Any] | None = None
    context: Any = None
    sampling_weights: Tensor | None = None
    format: ItemFormat = field(factory=ItemFormat)
    split: str = "train"
    known_as: str = ""
    _content: tuple[str, Any] | None = field(init=False, default=None)
    _shapes: dict[str, Shape] | None = field(init=False, default=None)
    _items: ItemWorkers | None = field(init=False, default=None)

    @classmethod
    def of(cls, given: Any, split: str = "train") -> GivenDataset | None:
        """Return a data set or loader as it is taken; None stays None.

        Args:
            given: by the user.
            split: for which it was given.

        Raises:
            DataError: neither, or one whose items cannot be read by their number, in the order of the search.
        """
        if given is None or isinstance(given, cls):
            return given
        with naming_data_set(split):
            if not isinstance(given, DataLoader):
                _check(given)
                return cls(ItemReader(given, None, default_collate), split=split)
            dataset: Any = given.dataset
            _check(dataset)
            rows, weights = _sampled(given, len(dataset))
            collate: Any = given.collate_fn
            if given.batch_size is None and given.batch_sampler is None:  # items that are batches already
                raise DataError(
                    "loader: has no batch_size, so its items are batches; give a data set of single items"
                )
        begin: Any = given.worker_init_fn
        return cls(
            ItemReader(dataset, rows, collate),
            given.num_workers,
            begin,
            given.multiprocessing_context,
            weights,
            split=split,
        )

    @classmethod
    def from_plain(cls, text: Any) -> GivenDataset | None:
        """Return the data set of this process of which an experiment recorded `text`.

        Raises:
            ValueError: there is none.
        """
        if isinstance(text, cls) or text is None:
            return text
        found = _KNOWN.get(text) if isinstance(text, str) else None
        if found is None:
            raise ValueError(
                f"the data set ({text}) was given in Python, and only that process has it; make the "
                "experiment in Python again, or register the task as a plugin (docs/your-data.md)"
            )
        return found

    def to_plain(self) -> str:
        """Return what an experiment records.

        Raises:
            DataError: another data set of this process has this text already.
        """
        kind = type(self.reader.dataset)
        said = f" ({', '.join(self._said)})" if self._said else ""
        what = f"{self.split}: {kind.__module__}:{kind.__qualname__} {len(self)} items{said}"
        text = f"{what} known as {self.known_as}" if self.known_as else f"{what} sha256:{self.digest}"
        earlier = _KNOWN.get(text)
        if earlier is not None and not self._is_like(earlier):
            raise DataError(
                f"data set: another one of this process is recorded as {text!r}; "
                + ("give each a name of its own: known_as=…" if self.known_as else "expected one data set")
            )
        _KNOWN[text] = self
        return text

    @property
    def _said(self) -> list[str]:
        """The things that a loader says and that change what is learned, in the words of the record."""
        found = []
        if self.reader.rows is not None:
            found.append(f"rows {_hash(torch.tensor(self.reader.rows))}")
        if self.sampling_weights is not None:
            found.append(f"weights {_hash(self.sampling_weights)}")
        if self.reader.collate is not default_collate:
            found.append(f"collate_fn {_function_in_words(self.reader.collate)}")
        return found

    def _is_like(self, other: GivenDataset) -> bool:
        """Return True for a data set that is recorded alike and is read alike."""
        one, two = self.reader, other.reader
        # where the record has a hash of all items, it tells data sets apart, but not how they are collated
        if one.collate is two.collate and (not self.known_as or one.dataset is two.dataset):
            return True
        try:
            other = other if other.format == self.format else attrs.evolve(other, format=self.format)
            if self._probe != other._probe:
                return False
            both_tell = self._own_targets is not None and other._own_targets is not None
            return both_tell or self.digest == other.digest
        except DataError:  # items of another form
            return False

    @property
    def _probe(self) -> str:
        """A hash of some items, alone and together, and of the targets that the data set tells."""
        digest = hashlib.sha256()
        rows = [*range(0, len(self), -(-len(self) // _PROBED))]
        for indices in (*([row] for row in rows), rows):
            self._add(digest.update, self._collated(indices, 0))
        own = self._own_targets
        digest.update(repr(own.tolist() if hasattr(own, "tolist") else own).encode())
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.reader)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that depend on every item, read once."""
        return self._read_once()[0]

    @property
    def targets(self) -> Any:
        """The targets of all items, as `Targets.of` takes them; its own, if it has a name and its own."""
        own = self._own_targets if self._content is None else None
        return self._read_once()[1] if own is None else own

    @property
    def _own_targets(self) -> Any:
        """The targets that the data set tells, where its items need not be read; None where it tells none."""
        dataset = self.reader.dataset
        own = getattr(dataset, "targets", None)
        plain = getattr(dataset, "target_transform", None) is None
        if not self.known_as or not plain or self.reader.rows is not None or own is None:
            return None
        return own if len(own) == len(dataset) else None

    def batch(self, indices: Sequence[int], seed: int) -> dict[str, Tensor]:
        """Return the inputs of some items, `(batch, *shape)`, float32.

        Args:
            indices: of the items.
            seed: for random transforms.
        """
        with naming_data_set(self.split):
            return self.format.inputs(self._collated(indices, seed))

    @property
    def shapes(self) -> Mapping[str, Shape]:
        """Input → the shape of one item: of all items, where these were read."""
        if self._shapes is None:
            self._shapes = _shapes_of(self.batch([0], 0))
        return self._shapes

    def _collated(self, indices: Sequence[int], seed: int) -> Any:
        if self._items is None:
            self._items = ItemWorkers(self.reader, self.workers, self.begin, self.context)
        return self.reader.batch(self._items.items(indices, seed))

    def _read_once(self) -> tuple[str, Any]:
        if self._content is None:
            digest, parts = hashlib.sha256(), list[Any]()
            for start in range(0, len(self), _AT_ONCE):
                indices = range(start, min(start + _AT_ONCE, len(self)))
                with naming_data_set(self.split):
                    batch = self._collated(indices, 0)
                    self._check_shapes(_shapes_of(self.format.inputs(batch)), indices)
                    parts.append(self._add(digest.update, batch))
            self._content = digest.hexdigest()[:16], _joined(parts)
        return self._content

    def _check_shapes(self, found: Mapping[str, Shape], rows: range) -> None:
        if self._shapes is None:
            self._shapes = dict(found)
        for name, shape in self._shapes.items():
            if found.get(name) != shape:
                raise DataError(
                    f"items {rows[0]} to {rows[-1]}: input {name!r} has the shape {found.get(name)}, and "
                    f"{shape} before; expected items of one shape"
                )

    def _add(self, update: Callable[[bytes], None], batch: Any) -> Any:
        """Add a collated batch to a hash, and return its targets."""
        for name, value in self.format.inputs(batch).items():
            update(f"{name} {tuple(value.shape)}".encode())
            update(value.contiguous().numpy().tobytes())
        found = self.format.targets(batch)
        update(repr(found.tolist() if isinstance(found, Tensor) else found).encode())
        return found


def _shapes_of(inputs: Mapping[str, Tensor]) -> dict[str, Shape]:
    return {name: tuple(value.shape[1:]) for name, value in inputs.items()}


def _check(given: Any) -> None:
    if isinstance(given, IterableDataset) or (
        hasattr(given, "__iter__") and not hasattr(given, "__getitem__")
    ):
        raise DataError(
            f"the data set, of the class {type(given).__name__!r}, gives its items one after another "
            "(IterableDataset); a search reads items by their number, so expected a map-style one, with "
            "__getitem__ and __len__"
        )
    if isinstance(given, str | bytes | dict) or not (
        hasattr(given, "__getitem__") and hasattr(given, "__len__")
    ):
        raise DataError(
            f"expected a map-style data set of PyTorch (with __getitem__ and __len__) or a "
            f"DataLoader, found {kind_in_words(given)}"
        )
    if len(given) == 0:
        raise DataError(f"the data set, {kind_in_words(given)}, holds no item")


def _sampled(loader: Any, count: int) -> tuple[list[int] | None, Tensor | None]:
    """Return the items that a loader draws from (None for all) and their weights.

    Raises:
        DataError: it draws in a way that a search cannot take over.
    """
    sampler, batches = loader.sampler, loader.batch_sampler
    plain = batches is None or type(batches) is BatchSampler
    if plain and batches is not None:
        sampler = batches.sampler
    if plain and type(sampler) in (SequentialSampler, RandomSampler):
        return None, None
    if plain and type(sampler) is SubsetRandomSampler:
        return [int(row) for row in sampler.indices], None
    if plain and type(sampler) is WeightedRandomSampler and len(sampler.weights) == count:
        return None, torch.as_tensor(sampler.weights).double().clone()
    raise DataError(
        f"loader: a {type(sampler if plain else batches).__name__} is not taken over, as a search draws its "
        "own batches; give the data set, or a Subset of it"
    )


def _joined(parts: list[Any]) -> Any:
    if all(isinstance(part, Tensor) for part in parts):
        return torch.cat([part[:, None] if part.ndim == 0 else part for part in parts])
    return [item for part in parts for item in (part.tolist() if isinstance(part, Tensor) else part)]


def _hash(numbers: Tensor) -> str:
    return hashlib.sha256(numbers.detach().cpu().contiguous().numpy().tobytes()).hexdigest()[:16]


def _function_in_words(function: Any) -> str:
    """Return the name of a function, the same in every process, and the plain values that it keeps."""
    kept: list[str] = []
    if isinstance(function, functools.partial):
        kept = [*map(_value_in_words, function.args), *_named_values(function.keywords)]
        return f"{_function_in_words(function.func)}({', '.join(kept)})"
    if isinstance(function, MethodType):
        kept = _named_values(vars(function.__self__)) if hasattr(function.__self__, "__dict__") else []
    elif isinstance(function, FunctionType):
        kept = _named_values(inspect.getclosurevars(function).nonlocals)
    elif not hasattr(function, "__qualname__"):
        kept = _named_values(vars(function)) if hasattr(function, "__dict__") else []
        function = type(function)
    name = f"{function.__module__}:{function.__qualname__}"
    return f"{name}({', '.join(kept)})" if kept else name


def _named_values(values: Mapping[str, Any]) -> list[str]:
    return [f"{name}={_value_in_words(value)}" for name, value in sorted(values.items())]


def _value_in_words(value: Any) -> str:
    """Return a value as text without the place that it has in memory."""
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value_in_words, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(_named_values({str(key): item for key, item in value.items()}))}}}"
    if isinstance(value, Tensor):
        return _hash(value)
    named = value if hasattr(value, "__qualname__") else type(value)
    return f"{named.__module__}:{named.__qualname__}"
