"""A data set or loader of the user: its items, what an experiment records of it, and its targets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

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
from nasframe.tasks.datasets.item_workers import ItemWorkers
from nasframe.tasks.datasets.read_items import ItemFormat, ItemReader
from nasframe.tasks.values_in_words import kind_in_words

__all__ = ["GivenDataset"]

_AT_ONCE = 64
"""Items that are read together to be hashed. It enters what is recorded: never change it."""

_KNOWN: dict[str, GivenDataset] = {}
"""What is recorded of a data set → the data set, so that a study in this process finds it again."""


@define(eq=False)
class GivenDataset:
    """A map-style data set, with what a loader says about it.

    An experiment records it as text: its class, its length, and a hash of its items or the name that the user
    gave. Another experiment of this process finds it again by this text.

    Attributes:
        reader: of its items.
        workers: processes that read items.
        begin, context: of a loader; see `ItemWorkers`.
        format: the parts of an item.
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
    known_as: str = ""
    _content: tuple[str, Any] | None = field(init=False, default=None)
    _items: ItemWorkers | None = field(init=False, default=None)

    @classmethod
    def of(cls, given: Any) -> GivenDataset | None:
        """Return a data set or loader as it is taken; None stays None.

        Raises:
            DataError: neither, or one whose items cannot be read by their number, in the order of the search.
        """
        if given is None or isinstance(given, cls):
            return given
        if not isinstance(given, DataLoader):
            _check(given)
            return cls(ItemReader(given, None, default_collate))
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
        """Return what an experiment records."""
        kind = type(self.reader.dataset)
        what = f"{kind.__module__}:{kind.__qualname__} {len(self)} items"
        text = f"{what} known as {self.known_as}" if self.known_as else f"{what} sha256:{self.digest}"
        _KNOWN[text] = self
        return text

    def __len__(self) -> int:
        return len(self.reader)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that depend on every item, read once."""
        return self._read_once()[0]

    @property
    def targets(self) -> Any:
        """The targets of all items, as `Targets.of` takes them; its own, if it has a name and its own."""
        if self.known_as and self._content is None:
            dataset = self.reader.dataset
            own = getattr(dataset, "targets", None)
            plain = getattr(dataset, "target_transform", None) is None
            if own is not None and plain and self.reader.rows is None and len(own) == len(dataset):
                return own
        return self._read_once()[1]

    def batch(self, indices: Sequence[int], seed: int) -> dict[str, Tensor]:
        """Return the inputs of some items, `(batch, *shape)`, float32.

        Args:
            indices: of the items.
            seed: for random transforms.
        """
        return self.format.inputs(self._collated(indices, seed))

    def _collated(self, indices: Sequence[int], seed: int) -> Any:
        if self._items is None:
            self._items = ItemWorkers(self.reader, self.workers, self.begin, self.context)
        return self.reader.batch(self._items.items(indices, seed))

    def _read_once(self) -> tuple[str, Any]:
        if self._content is None:
            digest, parts = hashlib.sha256(), list[Any]()
            for start in range(0, len(self), _AT_ONCE):
                indices = range(start, min(start + _AT_ONCE, len(self)))
                batch = self._collated(indices, 0)
                for name, value in self.format.inputs(batch).items():
                    digest.update(f"{name} {tuple(value.shape)}".encode())
                    digest.update(value.contiguous().numpy().tobytes())
                found = self.format.targets(batch)
                digest.update(repr(found.tolist() if isinstance(found, Tensor) else found).encode())
                parts.append(found)
            self._content = digest.hexdigest()[:16], _joined(parts)
        return self._content


def _check(given: Any) -> None:
    if isinstance(given, IterableDataset) or (
        hasattr(given, "__iter__") and not hasattr(given, "__getitem__")
    ):
        raise DataError(
            f"data set: {kind_in_words(given)} gives its items one after another (IterableDataset); a search "
            "reads items by their number, so expected a map-style one, with __getitem__ and __len__"
        )
    if isinstance(given, str | bytes | dict) or not (
        hasattr(given, "__getitem__") and hasattr(given, "__len__")
    ):
        raise DataError(
            f"data set: expected a map-style data set of PyTorch (with __getitem__ and __len__) or a "
            f"DataLoader, found {kind_in_words(given)}"
        )
    if len(given) == 0:
        raise DataError(f"data set: {kind_in_words(given)} holds no item")


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
