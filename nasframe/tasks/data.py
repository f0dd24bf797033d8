"""Data of a task: batches and splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Protocol

import torch
from attrs import frozen
from torch import Tensor

from nasframe.operations import Shape
from nasframe.runtime import to_device

__all__ = ["SPLITS", "Batch", "Data", "Split", "Splits"]


@frozen
class Batch:
    """Inputs by name, each `(batch, *shape)`, and targets `(batch, ...)`."""

    inputs: Mapping[str, Tensor]
    targets: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the same batch on `device`."""
        inputs = {name: to_device(value, device) for name, value in self.inputs.items()}
        return Batch(inputs, to_device(self.targets, device))


class Split(Protocol):
    """Examples that are read by index.

    Attributes:
        reads_ahead: True where `batch` may be called in another thread, before the batch is needed: it draws
            nothing from the generators of the process, and changes nothing that others read. It is said by
            the class itself: a subclass has a `batch` of its own, maybe, and says it again.
    """

    reads_ahead: ClassVar[bool] = False

    @property
    def sampling_weights(self) -> Tensor | None:
        """Weight `(examples,)` with which training draws each example; None: each once an epoch."""
        ...

    @property
    def identifiers(self) -> Sequence[str]:
        """A name for each example; no two splits share one."""
        ...

    def __len__(self) -> int: ...

    def batch(self, indices: Tensor) -> Batch:
        """Return the examples at `indices` `(batch,)`, int64."""
        ...

    def redrawn(self, random: torch.Generator) -> Split:
        """Return the split for one epoch of training: as it is, or with examples drawn anew.

        Their number, names and sampling weights stay. Validation and test are never redrawn.
        """
        return self

    def moved(self, move: Callable[[Tensor], Tensor]) -> Split:
        """Return the split with the tensors of its examples moved, or as it is where it holds none.

        `batch` is then computed where they are, from the same indices on the CPU.

        Args:
            move: of a tensor to a device; it moves one that several splits share once.
        """
        return self


SPLITS = ("weights", "architecture", "validation", "test")
"""Names of the splits: of the training of weights and of logits, of the choice of an epoch, of the test."""


@frozen
class Splits:
    """Four disjoint splits. `test` is opened by a call, and only evaluation calls it."""

    weights: Split
    architecture: Split
    validation: Split
    test: Callable[[], Split]


@frozen
class Data:
    """The data of a task: the shape of each input, the number of outputs, the splits."""

    inputs: Mapping[str, Shape]
    outputs: int
    splits: Splits
