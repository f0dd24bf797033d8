"""Batches of a split, shuffled by a generator or in order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from attrs import frozen
from torch import Tensor

from nasframe.runtime import to_device
from nasframe.tasks import Batch, Split
from nasframe.training.reading_ahead import may_be_read_ahead, read_ahead

__all__ = ["DrawnBatch", "JoinedSplit", "batches", "in_order", "number_of_batches"]


@frozen
class DrawnBatch(Batch):
    """A batch that knows which examples it holds: `rows` `(batch,)`, int64, of `split`."""

    split: Split
    rows: Tensor

    @property
    def identifiers(self) -> list[str]:
        """The names of its examples."""
        names = self.split.identifiers
        return [str(names[row]) for row in self.rows.tolist()]


@frozen
class JoinedSplit(Split):
    """Two splits as one."""

    first: Split
    second: Split

    @property
    def reads_ahead(self) -> bool:  # type: ignore[override]
        """True where both may be read ahead."""
        return may_be_read_ahead(self.first) and may_be_read_ahead(self.second)

    @property
    def sampling_weights(self) -> Tensor | None:
        """The weights of both; each example of a split without weights has weight one."""
        splits = (self.first, self.second)
        if all(split.sampling_weights is None for split in splits):
            return None
        ones = [torch.ones(len(split)) for split in splits]
        given = [split.sampling_weights for split in splits]
        return torch.cat([own if own is not None else one for own, one in zip(given, ones, strict=True)])

    @property
    def identifiers(self) -> Sequence[str]:
        return [*self.first.identifiers, *self.second.identifiers]

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    def redrawn(self, random: torch.Generator) -> JoinedSplit:
        """Return both redrawn."""
        return JoinedSplit(self.first.redrawn(random), self.second.redrawn(random))

    def batch(self, indices: Tensor) -> Batch:
        """Return the examples in the order of `indices`, which count the first split, then the second."""
        here = indices < len(self.first)
        parts = [
            split.batch(rows)
            for split, rows in ((self.first, indices[here]), (self.second, indices[~here] - len(self.first)))
            if len(rows)
        ]
        order = torch.argsort(torch.cat([here.nonzero().flatten(), (~here).nonzero().flatten()]))
        order = to_device(order, parts[0].targets.device)
        inputs = {name: torch.cat([part.inputs[name] for part in parts])[order] for name in parts[0].inputs}
        return Batch(inputs, torch.cat([part.targets for part in parts])[order])


def number_of_batches(split: Split, size: int) -> int:
    """Return the number of batches of an epoch; the last batch may be smaller."""
    return math.ceil(len(split) / size)


def batches(split: Split, size: int, generator: torch.Generator, device: torch.device) -> Iterator[Batch]:
    """Yield one epoch: every example once, or as many draws by the split's sampling weights."""
    weights = split.sampling_weights
    if weights is None:
        order = torch.randperm(len(split), generator=generator)
    else:
        order = torch.multinomial(weights.double(), len(split), replacement=True, generator=generator)
    yield from _drawn_batches(split, torch.split(order, size), device)


def in_order(split: Split, size: int, device: torch.device) -> Iterator[Batch]:
    """Yield every example once, in the order of the split."""
    yield from _drawn_batches(split, torch.split(torch.arange(len(split)), size), device)


def _drawn_batches(split: Split, all_rows: Sequence[Tensor], device: torch.device) -> Iterator[Batch]:
    def read(rows: Tensor) -> Batch:
        return _drawn(split, rows, device)

    return read_ahead(read, all_rows) if may_be_read_ahead(split) else map(read, all_rows)


def _drawn(split: Split, rows: Tensor, device: torch.device) -> Batch:
    batch = split.batch(rows).to(device)
    if type(batch) is not Batch:  # a class of a plugin, whose own fields have to stay
        return batch
    return DrawnBatch(batch.inputs, batch.targets, split, rows)
