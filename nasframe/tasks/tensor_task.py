"""`TensorTask`: classification of tensors that are in memory, or mapped into it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from attrs import define, field, frozen
from torch import Tensor
from torch.nn import functional as F

from nasframe.errors import DataError
from nasframe.tasks.data import Batch, Data, Split, Splits
from nasframe.tasks.scores import Scores
from nasframe.tasks.task import Task

__all__ = ["TensorSplit", "TensorTask"]


@frozen
class TensorSplit(Split):
    """A split of tensors that fit in memory (or are mapped into it)."""

    inputs: Mapping[str, Tensor]
    targets: Tensor
    identifiers: Sequence[str]
    sampling_weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, indices: Tensor) -> Batch:
        return Batch({name: value[indices] for name, value in self.inputs.items()}, self.targets[indices])


def _valid_shares(_: Any, __: Any, value: Sequence[float]) -> None:
    if len(value) != 4 or min(value) <= 0:
        raise ValueError(f"fractions must be four numbers above 0, found {list(value)}")


@define
class TensorTask(Task):
    """Classification of tensors in memory: inputs by name, integer labels.

    Args:
        tensors: name → `(examples, *shape)`, floating point.
        labels: `(examples,)`, integers from 0.
        fractions: shares of the splits weights, architecture, validation, test; they need not add up to 1.
        seed: of the stratified split.

    Raises:
        DataError: no inputs, inputs and labels of different length, or fewer than 8 examples.

    Example:
        >>> import torch
        >>> from nasframe import TensorTask
        >>> data = TensorTask({"x": torch.zeros(50, 3)}, labels=torch.arange(50) % 2).data({})
        >>> data.inputs, data.outputs
        ({'x': (3,)}, 2)
        >>> splits = data.splits
        >>> len(splits.weights), len(splits.architecture), len(splits.validation), len(splits.test())
        (20, 10, 10, 10)
    """

    tensors: Mapping[str, Tensor] = field(factory=dict, repr=False)
    labels: Tensor = field(factory=lambda: torch.empty(0, dtype=torch.long), repr=False)
    fractions: tuple[float, float, float, float] = field(
        default=(0.4, 0.2, 0.2, 0.2), validator=_valid_shares
    )
    seed: int = 0

    def __attrs_post_init__(self) -> None:
        sizes = {name: len(value) for name, value in self.tensors.items()}
        if not sizes:
            raise DataError("no inputs: give at least one named tensor")
        if set(sizes.values()) != {len(self.labels)}:
            raise DataError(f"every input needs one row a label ({len(self.labels)}), found {sizes}")
        if len(self.labels) < 8:
            raise DataError(f"four splits need at least 8 examples, found {len(self.labels)}")

    def data(self, folders: Mapping[str, Path]) -> Data:
        parts = self._stratified()
        splits = [
            TensorSplit(
                {name: value[rows] for name, value in self.tensors.items()},
                self.labels[rows],
                [str(int(row)) for row in rows],
            )
            for rows in parts
        ]
        return Data(
            inputs={name: tuple(value.shape[1:]) for name, value in self.tensors.items()},
            outputs=int(self.labels.max()) + 1,
            splits=Splits(splits[0], splits[1], splits[2], lambda: splits[3]),
        )

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return the accuracy, which is NaN where an output is not finite: no class is the largest then."""
        if not bool(outputs.isfinite().all()):
            return {"accuracy": math.nan}
        return {"accuracy": float((outputs.argmax(-1) == targets).float().mean())}

    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores | None:
        """Return the score of label 1, where there are two labels."""
        if outputs.shape[1] != 2:
            return None
        targets = split.batch(torch.arange(len(split))).targets
        return Scores(_log_odds(outputs), targets, positive="label 1", negative="label 0")

    def _stratified(self) -> list[Tensor]:
        """Return the row numbers of the four splits: exact sizes, and every class spread evenly over them.

        Raises:
            DataError: a split would be empty.
        """
        random = torch.Generator().manual_seed(self.seed)
        order = torch.randperm(len(self.labels), generator=random)
        # The place of each example within its class, 0 to 1; the first place is random, for small classes.
        position = torch.empty(len(order))
        for label in range(int(self.labels.max()) + 1):
            members = (self.labels[order] == label).nonzero().flatten()
            start = torch.rand((), generator=random)
            position[members] = (torch.arange(len(members)) + start) / max(len(members), 1)
        order = order[torch.argsort(position, stable=True)]
        shares = torch.tensor(self.fractions, dtype=torch.float64)
        bounds = (shares.cumsum(0) / shares.sum() * len(order)).round().long().tolist()
        parts = [order[start:end] for start, end in zip([0, *bounds], bounds, strict=False)]
        if min(map(len, parts)) == 0:
            raise DataError(f"{len(order)} examples are too few for the shares {list(self.fractions)}")
        return parts


def _log_odds(outputs: Tensor) -> Tensor:
    """Return the log-odds of the second of two classes `(batch,)`, float64, from logits `(batch, 2)`."""
    logits = outputs.detach().double()
    return logits[:, 1] - logits[:, 0]
