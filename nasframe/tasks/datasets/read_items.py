"""Items of a map-style data set, collated, with random transforms drawn from a seed for each item."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from attrs import frozen
from torch import Tensor
from torch.utils.data import default_collate

from nasframe.errors import DataError, in_words, nearest
from nasframe.runtime import counted, derive_seed, random_states_kept
from nasframe.tasks.tensors import tensor_of
from nasframe.tasks.values_in_words import kind_in_words

__all__ = ["ItemFormat", "ItemReader"]

_TARGETS = ("label", "labels", "target", "targets", "y")
"""Keys under which an item that is a dict may hold its target."""


@frozen
class ItemReader:
    """The reader of items: it draws what a random transform draws from a seed for each item.

    Attributes:
        dataset: has `__getitem__` and `__len__`.
        rows: numbers of the items that are used, in order; None for all.
        collate: makes a batch of a list of items, as a DataLoader does.
    """

    dataset: Any
    rows: Sequence[int] | None
    collate: Callable[[list[Any]], Any]

    def __len__(self) -> int:
        return len(self.dataset) if self.rows is None else len(self.rows)

    def items(self, indices: Sequence[int], seed: int) -> list[Any]:
        """Return some items.

        Before each, the generators of torch (on the CPU), of NumPy and of Python are seeded by `seed` and the
        number of the item, so an item is the same in whatever batch, order and process it is read. All are
        given back as they were.

        Raises:
            DataError: the data set raises an error.
        """
        found = []
        with random_states_kept():
            for index in indices:
                row = index if self.rows is None else self.rows[index]
                drawn = derive_seed(seed, "item", row)
                torch.default_generator.manual_seed(drawn)  # and none of a GPU, which would be set up for it
                np.random.seed(drawn % 2**32)
                random.seed(drawn)
                try:
                    found.append(self.dataset[row])
                except DataError:
                    raise
                except Exception as error:  # a data set may raise anything
                    name = type(self.dataset).__name__
                    raise DataError(f"{name}: item {row}: {in_words(error)}") from error
        return found

    def batch(self, items: list[Any]) -> Any:
        """Return collated items.

        Raises:
            DataError: they cannot be collated, as where their shapes differ.
        """
        with random_states_kept():
            torch.default_generator.manual_seed(0)
            try:
                return self.collate(items)
            except Exception as error:  # so may the user's function
                ours = self.collate is default_collate
                who = "the items" if ours else f"{type(self.dataset).__name__}: collate_fn"
                hint = "; give a loader with a collate_fn, or items of one shape" if ours else ""
                raise DataError(f"{who}: cannot be collated: {in_words(error)}{hint}") from error


@frozen
class ItemFormat:
    """The parts of a batch: inputs by name, and the target.

    Attributes:
        names: of the inputs; None for those that the items tell: keys, or x, or x1, x2 and so on.
        target: the key of the target, where items are dicts; None for one of the usual.
    """

    names: tuple[str, ...] | None = None
    target: str | None = None

    def inputs(self, batch: Any) -> dict[str, Tensor]:
        """Return the inputs of a collated batch, float32, in memory of their own.

        Raises:
            DataError: a batch is no pair and no dict, or an input is no tensor of numbers.
        """
        features, _ = self._parts(batch)
        by_name = self._named(features)
        return {name: _float32(name, value) for name, value in by_name.items()}

    def targets(self, batch: Any) -> Any:
        """Return the targets of a collated batch, as they are."""
        return self._parts(batch)[1]

    def _parts(self, batch: Any) -> tuple[Any, Any]:
        if isinstance(batch, Mapping):
            key = self.target or next((name for name in _TARGETS if name in batch), None)
            if key is None or key not in batch:
                valid = [str(name) for name in batch]
                why = (
                    f"target: {key!r} is no key of an item{nearest(key, valid)}"
                    if key
                    else (
                        f"items are dicts with the keys {', '.join(valid)}; say which is the target: target=…"
                    )
                )
                raise DataError(why)
            return {name: value for name, value in batch.items() if name != key}, batch[key]
        if isinstance(batch, list | tuple) and len(batch) == 2:
            return batch[0], batch[1]
        found = counted(len(batch), "part") if isinstance(batch, list | tuple) else kind_in_words(batch)
        raise DataError(f"items: expected (x, y), ((x1, x2), y) or a dict, found {found}")

    def _named(self, features: Any) -> dict[str, Any]:
        if isinstance(features, Mapping):
            found = {str(name): value for name, value in features.items()}
            for name in self.names or ():
                if name not in found:
                    raise DataError(f"inputs: {name!r} is no key of an item{nearest(name, found)}")
            return found if self.names is None else {name: found[name] for name in self.names}
        parts = list(features) if isinstance(features, list | tuple) else [features]
        names = self.names or (("x",) if len(parts) == 1 else tuple(f"x{n + 1}" for n in range(len(parts))))
        if len(names) != len(parts):
            raise DataError(
                f"inputs: {counted(len(names), 'name')} ({', '.join(names)}) for "
                f"{counted(len(parts), 'input')} of an item"
            )
        return dict(zip(names, parts, strict=True))


def _float32(name: str, value: Any) -> Tensor:
    tensor = tensor_of(value, f"input {name!r}")
    if tensor.ndim == 1:
        tensor = tensor[:, None]
    found: Tensor = tensor.detach().to(torch.float32, copy=True)
    return found
