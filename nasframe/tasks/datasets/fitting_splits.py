"""Data sets of one task fit together: items of one form, targets of one kind, and the same classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from nasframe.errors import DataError
from nasframe.operations import Shape
from nasframe.runtime import format_names
from nasframe.tasks.datasets.naming_data_set import naming_data_set
from nasframe.tasks.tensors import (
    ClassTargets,
    KindName,
    TargetForm,
    Targets,
    kind_told_by,
    require_values,
)

__all__ = ["joined_targets", "kind_of_all", "require_alike", "require_same_classes"]

_FIRST = "train"
"""The data set that every task has; the others are compared with it."""


def require_alike(shapes: Mapping[str, Mapping[str, Shape]], targets: Mapping[str, Any]) -> None:
    """Refuse a data set whose items are of another form than those of `train`.

    Args:
        shapes: data set → input → shape of an item.
        targets: data set → targets of all its items.

    Raises:
        DataError: with what it has, and what `train` has.
    """
    first = shapes[_FIRST]
    for name, found in shapes.items():
        if {*found} != {*first}:
            raise DataError(
                f"{name}: the inputs of an item are {', '.join(found)}; those of {_FIRST} are "
                f"{', '.join(first)}; expected the same ones"
            )
        for key, shape in first.items():
            if found[key] != shape:
                raise DataError(
                    f"{name}: input {key!r} of an item has the shape {found[key]}, that of {_FIRST} {shape}; "
                    "expected items of one shape"
                )
    forms = _forms(targets)
    for name, form in forms.items():
        if form != forms[_FIRST]:
            raise DataError(f"{_differs(name, forms)}; expected targets of one form")


def kind_of_all(
    targets: Mapping[str, Any], kind: KindName | None, classes: Sequence[str] | None = None
) -> KindName:
    """Return the kind of the targets of all data sets, which are of one form.

    Args:
        targets: data set → targets of all its items.
        kind: what they are, where the user says it.
        classes: names of the classes, where the user says them.

    Raises:
        DataError: those of one data set tell another kind than those of `train`, or hold what targets of
            this kind cannot.
    """
    if kind is None:
        forms, first = _forms(targets), targets[_FIRST]
        kind = kind_told_by(first)
        for name, given in targets.items():
            if name == _FIRST:
                continue
            together = kind_told_by(joined_targets([first, given]))
            if together != kind or (forms[name].whole and forms[_FIRST].fractions):
                raise DataError(
                    f'{_differs(name, forms)}; if they are of one kind, say it: kind="classes", "labels" '
                    'or "number"'
                )
    for name, given in targets.items():
        with naming_data_set(name):
            require_values(given, kind, classes)
    return kind


def joined_targets(parts: Sequence[Any]) -> Any:
    """Return the targets of several data sets, one after another."""
    if len({getattr(part, "ndim", 1) for part in parts}) > 1:  # some are in a column
        parts = [part.reshape(-1) if getattr(part, "ndim", 1) > 1 else part for part in parts]
    if all(isinstance(part, Tensor) for part in parts):
        return torch.cat(list(parts))
    return [item for part in parts for item in (part.tolist() if hasattr(part, "tolist") else part)]


def require_same_classes(targets: Targets, places: Mapping[str, tuple[int, int]]) -> None:
    """Refuse a data set that has other classes than `train`.

    Args:
        targets: of all items, one data set after another.
        places: data set → its first place there, and the one after its last.

    Raises:
        DataError: with the classes that it has, and those of `train`.
    """
    kind = targets.kind
    if not isinstance(kind, ClassTargets):
        return
    names = kind.names or tuple(map(str, range(kind.count)))
    classes = {
        name: [names[number] for number in torch.unique(targets.values[first:last]).tolist()]
        for name, (first, last) in places.items()
    }
    known = classes[_FIRST]
    for name, found in classes.items():
        strange = [item for item in found if item not in known]
        missing = [item for item in known if item not in found]
        if strange or missing:
            what = (
                f"{name}: target: the class {strange[0]!r} is none of {_FIRST}"
                if strange
                else f"target: no example of the class {missing[0]!r} in the split {name}"
            )
            raise DataError(
                f"{what}; {name} has {format_names(found, 5)}, {_FIRST} has {format_names(known, 5)}; every "
                "split needs each class"
            )


def _forms(targets: Mapping[str, Any]) -> dict[str, TargetForm]:
    found = {}
    for name, given in targets.items():
        with naming_data_set(name):
            found[name] = TargetForm.of(given)
    return found


def _differs(name: str, forms: Mapping[str, TargetForm]) -> str:
    return f"{name}: the targets are {forms[name].in_words}; those of {_FIRST} are {forms[_FIRST].in_words}"
