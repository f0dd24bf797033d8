"""`TensorTask`: learning from tensors that are in memory, or mapped into it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from attrs import define, field
from torch import Tensor

from nasframe.errors import DataError
from nasframe.tasks.data import Data, Splits
from nasframe.tasks.tensors.class_labels import LabelColumn
from nasframe.tasks.tensors.input_values import float32_rows, input_tensor, require_finite
from nasframe.tasks.tensors.stratified_split import stratified_rows, valid_seed, valid_shares
from nasframe.tasks.tensors.target_kinds import ClassTargets, KindName, TargetKind
from nasframe.tasks.tensors.target_task import TargetTask
from nasframe.tasks.tensors.targets import Targets, valid_kind
from nasframe.tasks.tensors.tensor_split import TensorSplit
from nasframe.tasks.values_in_words import kind_in_words

__all__ = ["TensorTask"]


def _as_given(value: Any) -> Any:
    """Return a value as it is: users may give what is no tensor yet, and every instance makes it one."""
    return value


@define
class TensorTask(TargetTask):
    """Data in memory: inputs by name, and for each example a class, several labels at once, or a number.

    Inputs and labels may be tensors on any device, NumPy arrays, lists, or columns of a data frame. Labels
    may be class numbers from 0, other whole numbers (−1 and 1, 1 and 2, 0 and 2), truth values, names, a
    column, or one-hot rows; all but class numbers are numbered in sorted order. A class is one that has an
    example, or that `classes` or a one-hot column names. What has no clear meaning is refused, with the rows
    in which it stands.

    Args:
        tensors: name → `(examples, *shape)`, finite numbers of any type; batches hold them as float32.
        labels: `(examples,)`. The attribute holds class numbers, int64; several labels at once
            `(examples, labels)` as 0 and 1, float32; or numbers to predict, float64.
        fractions: shares of the splits weights, architecture, validation, test; they need not add up to 1.
        seed: of the stratified split.
        classes: names of the classes, in the order of their numbers. None: the labels say them, and the
            attribute holds their names unless they are class numbers already. Of several labels at once, the
            names of the labels.
        kind: what the labels are: "classes", "labels" (several at once) or "number"; None is classes. Loss,
            metrics and objective follow from it.

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
    kind: KindName | None = field(default=None, validator=valid_kind)

    # the default is that of a subclass with data of its own, which has nothing checked here
    _kind: TargetKind = field(default=ClassTargets(0), init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        given: Any = self.tensors
        kind, names = self.kind or "classes", None if self.kind == "number" else _names(self.classes)
        if not isinstance(given, Mapping):
            raise DataError(f'inputs: expected them by name, as {{"x": …}}, found {kind_in_words(given)}')
        if not given:
            raise DataError("no inputs: give at least one named tensor")
        tensors = {name: input_tensor(name, value) for name, value in given.items()}
        column = LabelColumn.of(self.labels) if kind == "classes" else Targets.of(self.labels, kind, names)
        sizes = {name: len(value) for name, value in tensors.items()}
        if set(sizes.values()) != {len(column)}:
            counts = ", ".join(f"{name} has {rows}" for name, rows in sizes.items())
            raise DataError(f"every input needs a row for each of the {len(column)} labels: {counts}")
        if len(column) < 8:
            raise DataError(f"four splits need at least 8 examples, found {len(column)}")
        for name, value in tensors.items():
            require_finite(name, value)
        found = column if isinstance(column, Targets) else Targets.of_column(column, names)
        # a subclass may be frozen
        object.__setattr__(self, "tensors", tensors)
        object.__setattr__(self, "labels", found.values)
        object.__setattr__(self, "_kind", found.kind)
        if isinstance(found.kind, ClassTargets):
            object.__setattr__(self, "classes", found.kind.names)

    @property
    def target_kind(self) -> TargetKind:
        return self._kind

    def data(self, folders: Mapping[str, Path]) -> Data:
        targets = Targets(self._kind, self.labels)
        parts = stratified_rows(*targets.strata(), self.fractions, self.seed)
        learned = targets.as_learned(parts[0])
        splits = [
            TensorSplit(
                {name: float32_rows(value, rows) for name, value in self.tensors.items()},
                learned[rows],
                [str(int(row)) for row in rows],
            )
            for rows in parts
        ]
        return Data(
            inputs={name: tuple(value.shape[1:]) for name, value in splits[0].inputs.items()},
            outputs=self._kind.outputs,
            splits=Splits(splits[0], splits[1], splits[2], lambda: splits[3]),
        )


def _names(given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = tuple(given) if isinstance(given, list | tuple) else ()
    if len(names) < 2 or len(set(names)) < len(names) or not all(isinstance(name, str) for name in names):
        raise DataError(f"classes: expected two or more names, each another, found {given!r}")
    return names
