"""Data of a task: batches, splits, and the score of each example."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import torch
from attrs import frozen
from torch import Tensor

from nasframe.operations import Shape

__all__ = ["Batch", "Data", "Scores", "Split", "Splits"]


@frozen
class Batch:
    """Inputs by name, each `(batch, *shape)`, and targets `(batch, ...)`."""

    inputs: Mapping[str, Tensor]
    targets: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same batch on `device`."""
        return Batch({name: value.to(device) for name, value in self.inputs.items()}, self.targets.to(device))


class Split(Protocol):
    """Examples that can be drawn by index."""

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
        """The examples at `indices` `(batch,)`, int64."""
        ...

    def redrawn(self, random: torch.Generator) -> Split:
        """The split as one epoch of training sees it: as it is, or with examples drawn anew.

        Their number, names and sampling weights stay. Validation and test are never redrawn.
        """
        return self


@frozen
class Splits:
    """Four disjoint splits. `test` is opened by a call, and only evaluation calls it."""

    weights: Split
    architecture: Split
    validation: Split
    test: Callable[[], Split]


@frozen
class Data:
    """What a search needs to know: the shape of each input, the number of outputs, the splits."""

    inputs: Mapping[str, Shape]
    outputs: int
    splits: Splits


@frozen
class Scores:
    """One score for each example of a split, for a task that tells two classes apart.

    Attributes:
        log_odds: `(examples,)`, log p / (1 − p) of the positive class: what ranks, for it never saturates.
        labels: `(examples,)`, 1 for the positive class and 0 for the other.
        positive, negative: what the classes are called.
        categories: a finer name for each example; empty where there is none.
        threshold: the probability from which on an example is called positive.
    """

    log_odds: Tensor
    labels: Tensor
    positive: str = "positive"
    negative: str = "negative"
    categories: Sequence[str] = ()
    threshold: float = 0.5
