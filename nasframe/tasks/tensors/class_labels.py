"""Labels as people have them, as classes numbered from 0 and, where the labels are others, their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from attrs import frozen
from torch import Tensor

from nasframe.errors import DataError, nearest
from nasframe.runtime import counted
from nasframe.tasks.tensors.array_values import array_of, is_missing, is_of_tensors, tensor_of
from nasframe.tasks.values_in_words import rows_in_words

__all__ = ["ClassLabels", "LabelColumn", "require_known", "whole_numbers"]

_EXACT = 2**53
"""From here on floating point does not tell whole numbers apart."""


@frozen
class ClassLabels:
    """The class of each example.

    Attributes:
        numbers: `(examples,)`, int64, from 0.
        names: of the classes, in the order of their numbers; None where the labels were class numbers.
    """

    numbers: Tensor
    names: tuple[str, ...] | None = None


@frozen
class LabelColumn:
    """Labels, one an example: numbers `(examples,)` of any dtype, rows `(examples, classes)`, or texts.

    Attributes:
        columns: names of the columns of a data frame, where each is a class.
    """

    values: Tensor | Sequence[str]
    columns: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Any) -> LabelColumn:
        """Return labels as a column.

        Raises:
            DataError: no labels, or one of them is missing.
        """
        columns = tuple(map(str, getattr(given, "columns", ())))
        if not isinstance(given, Tensor) and not is_of_tensors(given):
            array = array_of(given, "labels")
            if array.dtype.kind in "OUS":
                missing = np.array([_is_no_label(value) for value in array.reshape(-1)], dtype=bool)
                _refuse_missing(missing.reshape(array.shape))
                if _is_of_text(array):
                    return cls(_texts(array))
            given = array
        values = tensor_of(given, "labels").cpu()
        if values.ndim == 0:
            raise DataError(f"labels: expected one an example, found the single value {values.item()}")
        if values.ndim == 2 and 1 in values.shape:  # a column, or a row
            values = values.flatten()
        if values.ndim > 2:
            raise DataError(f"labels: expected one an example, found the shape {tuple(values.shape)}")
        if values.is_floating_point():
            _refuse_missing(values.isnan().numpy())
        return cls(values, columns if len(columns) > 1 else ())

    def __len__(self) -> int:
        return len(self.values)

    def classes(self, names: Sequence[str] | None) -> ClassLabels:
        """Return the classes of the labels.

        Integers from 0, of which none is left out, are class numbers. All other labels are numbered in their
        sorted order, or in that of `names`; with `names` a class may be without an example.

        Args:
            names: of all classes, in order, where the user says them.

        Raises:
            DataError: labels that tell no classes apart, or are none of `names`.
        """
        values = self.values
        if not isinstance(values, Tensor):
            return _named(values, names)
        whole = values if values.ndim == 2 else whole_numbers(values)
        found = _one_hot(values, self.columns) if values.ndim == 2 else _numbered(whole)
        if names is None or names == found.names:
            _refuse_useless(found)
            return found
        if found.names is not None and values.ndim == 1:
            if whole.dtype == torch.bool or int(whole.min()) != 0:
                shown = _some(found.names)
                raise DataError(
                    f"labels: with `classes` they are class numbers from 0 or names, found {shown}"
                )
            found = ClassLabels(whole)  # some of the classes have no example here
        if int(found.numbers.max()) >= len(names):
            raise DataError(
                f"labels: there are {len(names)} classes, found the class number {int(found.numbers.max())}"
            )
        _refuse_useless(found)
        return ClassLabels(found.numbers, tuple(names))


def _is_no_label(value: Any) -> bool:
    return is_missing(value) or (isinstance(value, str | bytes) and not value.strip())


def _refuse_missing(missing: np.ndarray) -> None:
    if missing.any():
        rows = np.flatnonzero(missing.reshape(len(missing), -1).any(1)) if missing.ndim else [0]
        raise DataError(f"labels: no label in {rows_in_words(map(int, rows))}; leave such examples out")


def _is_of_text(array: np.ndarray) -> bool:
    """Return True where all labels are texts.

    Raises:
        DataError: some are, or none is text or number.
    """
    if array.dtype.kind in "US":
        return True
    texts = [isinstance(value, str | bytes) for value in array.reshape(-1)]
    if any(texts) and not all(texts):
        raise DataError(
            f"labels: row {texts.index(True)} holds a text and row {texts.index(False)} none; expected "
            "names or numbers, and not both"
        )
    return all(texts) and bool(texts)


def _texts(array: np.ndarray) -> list[str]:
    if array.ndim == 0 or array.ndim > 2 or (array.ndim == 2 and 1 not in array.shape):
        raise DataError(f"labels: expected one name an example, found names in the shape {array.shape}")
    return [
        value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
        for value in array.reshape(-1)
    ]


def _named(labels: Sequence[str], names: Sequence[str] | None) -> ClassLabels:
    if names is None:
        names = sorted(set(labels))
        alike: dict[str, str] = {}
        for name in names:
            other = alike.setdefault(" ".join(name.split()).casefold(), name)
            if other != name:
                raise DataError(f"labels: {other!r} and {name!r} differ in blanks or capitals alone")
    numbers = {name: number for number, name in enumerate(names)}
    require_known(labels, names)
    found = ClassLabels(torch.tensor([numbers[label] for label in labels]), tuple(names))
    _refuse_useless(found)
    return found


def require_known(labels: Sequence[str], names: Sequence[str]) -> None:
    """Refuse a text that is none of the names of the classes.

    Raises:
        DataError: with its row and the nearest name.
    """
    known = {*names}
    for row, label in enumerate(labels):
        if label not in known:
            raise DataError(f"labels: row {row} holds {label!r}, which is no class{nearest(label, names)}")


def whole_numbers(values: Tensor) -> Tensor:
    """Return labels `(examples,)` as int64, or bool.

    Raises:
        DataError: one is no whole number.
    """
    if not values.is_floating_point():
        return values if values.dtype == torch.bool else values.long()
    exact = values.double()
    huge = (exact.isfinite() & (exact.abs() >= _EXACT)).nonzero().flatten().tolist()
    if huge:
        raise DataError(
            f"labels: whole numbers beyond {_EXACT:,} in {rows_in_words(huge)}, such as "
            f"{exact[huge[0]].item():.6g}, which floating point does not tell apart; give them as "
            'integers or as texts (of a table, by kind="classes"). To learn numbers, say kind="number"'
        )
    broken = (~exact.isfinite() | (exact != exact.round())).nonzero().flatten()
    if len(broken):
        rows = broken.tolist()
        raise DataError(
            f"labels: no whole number in {rows_in_words(rows)}, such as {exact[rows[0]].item():.6g}; labels "
            'tell classes apart. To learn numbers, say kind="number"'
        )
    return exact.long()


def _numbered(values: Tensor) -> ClassLabels:
    found = _distinct(values)
    if values.dtype == torch.bool:
        if len(found) < 2:
            raise DataError(_one_class(str(bool(found))))
        return ClassLabels(values.long(), ("False", "True"))
    distinct: list[int] = found.tolist()
    if distinct == [*range(len(distinct))]:
        return ClassLabels(values)
    marks = [label for label in distinct if label < 0]
    if len(marks) == 1 and distinct != [marks[0], -marks[0]]:
        rows = (values == marks[0]).nonzero().flatten().tolist()
        raise DataError(
            f"labels: {marks[0]} in {rows_in_words(rows)} may stand for a missing label; leave such examples "
            "out, or give names as labels if it is a class"
        )
    return ClassLabels(torch.searchsorted(found, values), tuple(map(str, distinct)))


def _one_hot(rows: Tensor, columns: tuple[str, ...]) -> ClassLabels:
    ones = rows == 1
    broken = ~((ones | (rows == 0)).all(1) & (ones.sum(1) == 1))
    if broken.any():
        where = rows_in_words(broken.nonzero().flatten().tolist())
        raise DataError(
            f"labels: found the shape {tuple(rows.shape)}; expected one label an example, or in each row a "
            f'single 1 among zeros, which is not so in {where}; for several labels at once, say kind="labels"'
        )
    numbers, count = ones.long().argmax(1), rows.shape[1]
    names = columns or (None if int(numbers.max()) + 1 == count else tuple(map(str, range(count))))
    return ClassLabels(numbers, names)


def _refuse_useless(found: ClassLabels) -> None:
    """Refuse labels from which nothing can be learnt.

    Raises:
        DataError: there is one class, or nearly every example is one of its own.
    """
    used = _distinct(found.numbers).tolist()
    shown = [found.names[number] if found.names else str(number) for number in used]
    if len(used) == 1:
        raise DataError(_one_class(shown[0]))
    if len(used) * 2 > len(found.numbers):
        raise DataError(
            f"labels: {counted(len(used), 'class', 'classes')} for "
            f"{counted(len(found.numbers), 'example')}, such as {_some(shown)}; these "
            "look like numbers of examples or people, or measured values; expected several examples a class"
        )


def _distinct(values: Tensor) -> Tensor:
    found: Tensor = torch.unique(values)
    return found


def _one_class(name: str) -> str:
    return f"labels: every example has the label {name}, so there is nothing to tell apart"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3])
