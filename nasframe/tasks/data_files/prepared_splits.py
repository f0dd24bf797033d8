"""The files of prepared splits: inputs, targets and rows as safetensors, the kind of targets as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from nasframe.errors import DataError
from nasframe.runtime import (
    Fields,
    Items,
    Nullable,
    Number,
    Text,
    damage_in_words,
    read_json,
    read_tensors,
    write_json,
    write_tensors,
)
from nasframe.tasks.tensors import ClassTargets, LabelTargets, NumberTargets, TargetKind, TensorSplit

__all__ = ["read_kind", "read_split", "write_kind", "write_split"]

_INPUT, _TARGETS, _ROWS = "input/", "targets", "rows"
_KIND = "target.json"
_SHAPE = Fields({"kind": Text(), "count": Number(1), "names": Nullable(Items(Text()))})


def write_split(folder: Path, name: str, inputs: Mapping[str, Tensor], targets: Tensor, rows: Tensor) -> None:
    """Write the file of a split.

    Args:
        folder: of a stage.
        name: of the split.
        inputs: name → `(examples, *shape)`, float32.
        targets: as batches hold them.
        rows: of the examples in the user's file.
    """
    # safetensors sorts the names: a number in front keeps the order
    tensors = {
        f"{_INPUT}{place:03}/{key}": value.contiguous() for place, (key, value) in enumerate(inputs.items())
    }
    tensors |= {_TARGETS: targets.contiguous(), _ROWS: rows.contiguous()}
    write_tensors(folder / f"{name}.safetensors", tensors)


def read_split(folder: Path, name: str) -> TensorSplit:
    """Return a split; its examples are named after their rows.

    Raises:
        DataError: there is no such file, or it is damaged.
    """
    path = folder / f"{name}.safetensors"
    tensors = read_tensors(path, DataError, finite=True)
    inputs = {key.split("/", 2)[-1]: tensors[key] for key in sorted(tensors) if key.startswith(_INPUT)}
    if not inputs or not {_TARGETS, _ROWS} <= {*tensors}:
        raise DataError(f"{path}: holds no split; remove its folder, and its stage is done again")
    return TensorSplit(inputs, tensors[_TARGETS], [f"row {row}" for row in tensors[_ROWS].tolist()])


def write_kind(folder: Path, kind: TargetKind) -> None:
    """Write the kind of the targets."""
    name = next(name for name, known in _KINDS.items() if isinstance(kind, known))
    names = getattr(kind, "names", None)
    write_json(
        folder / _KIND,
        {"kind": name, "count": kind.outputs, "names": None if names is None else [*names]},
    )


def read_kind(folder: Path) -> TargetKind:
    """Return the kind of the targets.

    Raises:
        DataError: there is no such file, or it is damaged.
    """
    path = folder / _KIND
    found: Any = read_json(path, _SHAPE, DataError)
    names = None if found["names"] is None else tuple(found["names"])
    with damage_in_words(path, DataError):
        if found["kind"] == "classes":
            return ClassTargets(int(found["count"]), names)
        if found["kind"] == "labels" and names:
            return LabelTargets(names)
        if found["kind"] == "number":
            return NumberTargets()
        raise ValueError(f"kind {found['kind']!r}")


_KINDS: Mapping[str, type[TargetKind]] = {
    "classes": ClassTargets,
    "labels": LabelTargets,
    "number": NumberTargets,
}
