"""`TensorTask`: classification of tensors that are in memory, or mapped into it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from attrs import define, field
from torch import Tensor
from torch.nn import functional as F

from nasframe.errors import DataError
from nasframe.runtime import is_finite
from nasframe.tasks.data import Data, Split, Splits
from nasframe.tasks.scores import Scores
from nasframe.tasks.task import Task
from nasframe.tasks.tensors.class_labels import LabelColumn
from nasframe.tasks.tensors.input_values import float32_rows, input_tensor, require_finite
from nasframe.tasks.tensors.stratified_split import stratified_rows, valid_seed, valid_shares
from nasframe.tasks.tensors.tensor_split import TensorSplit
from nasframe.tasks.values_in_words import kind_in_words

__all__ = ["TensorTask"]


def _as_given(value: Any) -> Any:
    """Return a value as it is: users may give what is no tensor yet, and every instance makes it one."""
    return value


@define
class TensorTask(Task):
    """Classification of data in memory: inputs by name, and a class for each example.

    Inputs and labels may be tensors on any device, NumPy arrays, lists, or columns of a data frame. Labels
    may be class numbers from 0, other whole numbers (−1 and 1, 1 and 2, 0 and 2), truth values, names, a
    column, or one-hot rows; all but class numbers are numbered in sorted order. A class is one that has an
    example, or that `classes` or a one-hot column names. What has no clear meaning is refused, with the rows
    in which it stands.

    Args:
        tensors: name → `(examples, *shape)`, finite numbers of any type; batches hold them as float32.
        labels: `(examples,)`. The attribute holds class numbers, int64.
        fractions: shares of the splits weights, architecture, validation, test; they need not add up to 1.
        seed: of the stratified split.
        classes: names of the classes, in the order of their numbers. None: the labels say them, and the
            attribute holds their names unless they are class numbers already.

    Raises:
        DataError: no inputs, inputs and labels of different length, fewer than 8 examples, values that are
            not finite, or labels that tell no classes apart.

    Example:
        >>> import torch
        >>> from nasframe import TensorTask
        >>> data = TensorTask({"x": torch.zeros(50, 3)}, labels=torch.arange(50) % 2).data({})
        >>> data.inputs, data.outputs
        ({'x': (3,)}, 2)
        >>> splits = data.splits
        >>> len(splits.weights), len(splits.architecture), len(splits.validation), len(splits.test())
        (20, 10, 10, 10)
        >>> TensorTask({"x": torch.zeros(8, 3)}, labels=["real", "fake"] * 4).classes
        ('fake', 'real')
    """

    tensors: Mapping[str, Tensor] = field(factory=dict, repr=False, converter=_as_given)
    labels: Tensor = field(factory=lambda: torch.empty(0, dtype=torch.long), repr=False, converter=_as_given)
    fractions: tuple[float, float, float, float] = field(default=(0.4, 0.2, 0.2, 0.2), validator=valid_shares)
    seed: int = field(default=0, validator=valid_seed)
    classes: tuple[str, ...] | None = field(default=None, converter=_as_given)

    def __attrs_post_init__(self) -> None:
        given: Any = self.tensors
        if not isinstance(given, Mapping):
            raise DataError(f'inputs: expected them by name, as {{"x": …}}, found {kind_in_words(given)}')
        if not given:
            raise DataError("no inputs: give at least one named tensor")
        tensors = {name: input_tensor(name, value) for name, value in given.items()}
        column = LabelColumn.of(self.labels)
        sizes = {name: len(value) for name, value in tensors.items()}
        if set(sizes.values()) != {len(column)}:
            raise DataError(f"every input needs one row a label ({len(column)}), found {sizes}")
        if len(column) < 8:
            raise DataError(f"four splits need at least 8 examples, found {len(column)}")
        for name, value in tensors.items():
            require_finite(name, value)
        found = column.classes(_names(self.classes))
        # a subclass may be frozen
        object.__setattr__(self, "tensors", tensors)
        object.__setattr__(self, "labels", found.numbers)
        object.__setattr__(self, "classes", found.names)

    def data(self, folders: Mapping[str, Path]) -> Data:
        parts = stratified_rows(self.labels, self._count, self.fractions, self.seed)
        splits = [
            TensorSplit(
                {name: float32_rows(value, rows) for name, value in self.tensors.items()},
                self.labels[rows],
                [str(int(row)) for row in rows],
            )
            for rows in parts
        ]
        return Data(
            inputs={name: tuple(value.shape[1:]) for name, value in splits[0].inputs.items()},
            outputs=self._count,
            splits=Splits(splits[0], splits[1], splits[2], lambda: splits[3]),
        )

    @property
    def _count(self) -> int:
        """The number of classes."""
        return int(self.labels.max()) + 1 if self.classes is None else len(self.classes)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return the accuracy, which is NaN where an output is not finite: no class is the largest then."""
        if not is_finite(outputs):
            return {"accuracy": math.nan}
        return {"accuracy": float((outputs.argmax(-1) == targets).float().mean())}

    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores | None:
        """Return the score of the second class, where there are two."""
        if outputs.shape[1] != 2:
            return None
        targets = split.batch(torch.arange(len(split))).targets
        negative, positive = self.classes or ("0", "1")
        return Scores(_log_odds(outputs), targets, positive=f"label {positive}", negative=f"label {negative}")


def _log_odds(outputs: Tensor) -> Tensor:
    """Return the log-odds of the second of two classes `(batch,)`, float64, from logits `(batch, 2)`."""
    logits = outputs.detach().double()
    return logits[:, 1] - logits[:, 0]


def _names(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = tuple(given) if isinstance(given, list | tuple) else ()
    if len(names) < 2 or len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
        raise DataError(f"classes: expected two or more names, each another, found {given!r}")
    return names
