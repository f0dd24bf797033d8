"""The targets of a task: their kind, as the user says it or as they tell it, and their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import torch
from attrs import frozen
from torch import Tensor

from nasframe.errors import DataError, nearest
from nasframe.runtime import counted
from nasframe.tasks.tensors.array_values import tensor_of
from nasframe.tasks.tensors.class_labels import LabelColumn, require_known, whole_numbers
from nasframe.tasks.tensors.target_kinds import (
    ClassTargets,
    KindName,
    LabelTargets,
    NumberTargets,
    TargetKind,
    number_targets,
)
from nasframe.tasks.values_in_words import kind_in_words, rows_in_words

__all__ = ["Targets", "kind_told_by", "require_classes", "require_values", "valid_kind"]

_MOST_CLASSES = 20
"""Whole numbers of more different values than this are a number to predict, unless the user says a kind."""


@frozen
class Targets:
    """The targets of all examples.

    Attributes:
        kind: what they are.
        values: class numbers `(examples,)` int64, labels `(examples, labels)` float32, or numbers
            `(examples,)` float64 in their unit.
    """

    kind: TargetKind
    values: Tensor

    @classmethod
    def of(cls, given: Any, kind: KindName, names: Sequence[str] | None = None) -> Targets:
        """Return the targets that a user gave.

        Args:
            given: see `LabelColumn.of`; several labels are rows of 0 and 1.
            kind: what they are.
            names: of the classes or labels, where they are known.

        Raises:
            DataError: they are no targets of this kind.
        """
        if kind == "classes":
            return cls.of_column(LabelColumn.of(given), names)
        if kind == "labels":
            return _labels(given, names)
        return cls(NumberTargets(), _numbers(given))

    @classmethod
    def of_column(cls, column: LabelColumn, names: Sequence[str] | None = None) -> Targets:
        """Return the classes of a column of labels; see `LabelColumn.classes`."""
        found = column.classes(names)
        count = int(found.numbers.max()) + 1 if found.names is None else len(found.names)
        return cls(ClassTargets(count, found.names), found.numbers)

    def __len__(self) -> int:
        return len(self.values)

    def strata(self) -> tuple[Tensor, int]:
        """Return a group for each example, to be spread evenly over the splits, and the number of groups."""
        return self.kind.strata(self.values)

    def as_learned(self, weights: Tensor) -> Tensor:
        """Return the targets as batches hold them; numbers are standardised by those of `weights`."""
        return number_targets(self.values, weights) if isinstance(self.kind, NumberTargets) else self.values


def kind_told_by(given: Any) -> KindName:
    """Return the kind of targets that nobody named.

    Rows of zeros and several ones are labels. Texts, truth values, one-hot rows, and whole numbers of at most
    20 different values are classes; all other numbers are numbers to predict.
    """
    column = LabelColumn.of(given)
    values = column.values
    if not isinstance(values, Tensor) or (values.dtype == torch.bool and values.ndim == 1):
        return "classes"
    if values.ndim == 2:
        ones = (values == 1).sum(1)
        return "classes" if bool((ones == 1).all()) else "labels"
    numbers = values.double()
    whole = bool((numbers == numbers.round()).all())
    return "classes" if whole and len(torch.unique(numbers)) <= _MOST_CLASSES else "number"


def require_values(given: Any, kind: KindName, names: Sequence[str] | None = None) -> None:
    """Refuse targets of some examples that no targets of a kind can hold.

    Unlike `Targets.of` it takes a part of the examples, which need not hold every class or another number.

    Args:
        given: see `Targets.of`.
        kind: what they are.
        names: of the classes, where they are known.

    Raises:
        DataError: with the rows.
    """
    if kind == "labels":
        _label_rows(given)
    elif kind == "number":
        _finite_numbers(given)
    else:
        values = LabelColumn.of(given).values
        if not isinstance(values, Tensor):
            require_known(values, names or values)
        elif values.ndim == 1:
            whole_numbers(values)


def require_classes(parts: Mapping[str, Tensor], targets: Targets) -> None:
    """Refuse a class without an example in some split, and a label without one to learn from.

    Args:
        parts: split → the rows of its examples.
        targets: of all examples.

    Raises:
        DataError: with the class and the split.
    """
    kind = targets.kind
    if isinstance(kind, ClassTargets):
        names = kind.names or tuple(map(str, range(kind.count)))
        for split, rows in parts.items():
            counts = torch.bincount(targets.values[rows], minlength=kind.count)
            missing = [name for name, count in zip(names, counts.tolist(), strict=True) if not count]
            if missing:
                total = int((targets.values == names.index(missing[0])).sum())
                raise DataError(
                    f"target: no example of the class {missing[0]!r} in the split {split}, and {total} in "
                    "all; every split needs each class"
                )
    elif isinstance(kind, LabelTargets):
        there = targets.values[parts["weights"]].any(0).tolist()
        none = [name for name, found in zip(kind.names, there, strict=True) if not found]
        if none:
            raise DataError(f"target: no example with the label {none[0]!r} in the split weights")


def valid_kind(_: Any, __: Any, value: Any) -> None:
    """Refuse what is no kind of target; a validator of attrs.

    Raises:
        ValueError: with what was found.
    """
    if value is not None and value not in get_args(KindName):
        near = nearest(value, get_args(KindName)) if isinstance(value, str) else ""
        raise ValueError(f"kind must be one of {', '.join(get_args(KindName))}, found {value!r}{near}")


def _labels(given: Any, names: Sequence[str] | None) -> Targets:
    columns = tuple(map(str, getattr(given, "columns", ())))
    values = _label_rows(given)
    named = tuple(names or columns or map(str, range(values.shape[1])))
    if len(named) != values.shape[1]:
        raise DataError(f"labels: {counted(len(named), 'name')} for {counted(values.shape[1], 'label')}")
    counts = values.long().sum(0).tolist()
    for name, count in zip(named, counts, strict=True):
        if count in (0, len(values)):
            which = "no example has" if count == 0 else "every example has"
            raise DataError(f"labels: {which} the label {name!r}, so there is nothing to tell apart")
    return Targets(LabelTargets(named), values.float())


def _label_rows(given: Any) -> Tensor:
    values = tensor_of(given, "labels").cpu()
    if values.ndim != 2 or values.shape[1] < 2:
        raise DataError(
            f"labels: found the shape {tuple(values.shape)}; expected several labels at once, "
            "(examples, labels), each 0 or 1"
        )
    broken = ~((values == 0) | (values == 1)).all(1)
    if broken.any():
        rows = broken.nonzero().flatten().tolist()
        found = values[rows[0]]
        other = found[(found != 0) & (found != 1)][0].item()
        shown = str(other).removesuffix(".0")
        raise DataError(f"labels: expected 0 or 1, found {shown} in {rows_in_words(rows)}")
    return values


def _numbers(given: Any) -> Tensor:
    numbers = _finite_numbers(given)
    if len(numbers) and bool((numbers == numbers[0]).all()):
        raise DataError(f"target: every example has the number {float(numbers[0]):.6g}")
    return numbers


def _finite_numbers(given: Any) -> Tensor:
    values = tensor_of(given, "target").cpu()
    if values.ndim == 2 and 1 in values.shape:
        values = values.flatten()
    if values.ndim != 1:
        found = f"the shape {tuple(values.shape)}" if values.ndim else kind_in_words(values.item())
        raise DataError(f"target: expected a number for each example, found {found}")
    numbers = values.double()
    bad = (~numbers.isfinite()).nonzero().flatten().tolist()
    if bad:
        raise DataError(f"target: NaN or infinity in {rows_in_words(bad)}; leave such examples out")
    return numbers
