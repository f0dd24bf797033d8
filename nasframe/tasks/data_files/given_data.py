"""The examples of a user's file, of whatever format: inputs, target, split and group of each row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from attrs import field, frozen
from torch import Tensor

from nasframe.errors import DataError, nearest
from nasframe.runtime import read_tensors, require_regular
from nasframe.tasks.data_files.column_choice import ColumnNames, InputChoice
from nasframe.tasks.data_files.csv_table import CsvTable, number_in
from nasframe.tasks.data_files.npz_arrays import NpzFile
from nasframe.tasks.data_files.target_texts import require_no_stray_text, target_of_texts
from nasframe.tasks.tensors import KindName, input_tensor, tensor_of

__all__ = ["DATA_ENDINGS", "TABLES", "FileParts", "GivenData", "read_given", "require_format"]

TABLES = (".csv", ".tsv", ".txt")
_FORMATS = (*TABLES, ".npz", ".safetensors")
_WHY = {
    ".npy": "is a single array; save inputs and target together, by numpy.savez",
    ".xlsx": "is a workbook; save the sheet as CSV",
    ".xls": "is a workbook; save the sheet as CSV",
    ".ods": "is a workbook; save the sheet as CSV",
    **dict.fromkeys(
        (".pt", ".pth", ".pkl", ".pickle", ".joblib"),
        "is a pickle, which is never loaded as it may run code; save the tensors as safetensors",
    ),
    ".parquet": "is a Parquet file; save the table as CSV",
}
DATA_ENDINGS = (*_FORMATS, *_WHY)
"""Endings of files that hold data, of which some are read, and others refused with what to save instead."""

_CHOOSE = (
    "; say by task.inputs which columns are inputs, without those, or give each of their texts a column of 0 "
    "and 1"
)


@frozen
class FileParts:
    """The parts of a file that are wanted; see the options of `TensorFileTask`."""

    inputs: InputChoice
    target: ColumnNames
    split: str | None
    group: str | None
    kind: KindName | None


@frozen
class GivenData:
    """The examples of a file.

    Attributes:
        inputs: name → `(examples, *shape)`, numbers of any type, mapped where the file allows it.
        target: whatever `Targets.of` takes.
        names: of the labels, where several columns are the target.
        split, group: of each row; None where there are none.
        place: row number → its place in the file in words.
        columns: input → its columns, of a table.
    """

    inputs: Mapping[str, Tensor]
    target: Any
    names: tuple[str, ...] | None
    split: Sequence[str] | None
    group: Sequence[str] | None
    place: Callable[[int], str]
    columns: Mapping[str, Sequence[str]] = field(factory=dict)


def read_given(path: Path, wanted: FileParts) -> GivenData:
    """Return the examples of a file.

    Raises:
        DataError: another format, or with the place in the file whatever is not as it is wanted.
    """
    ending = require_format(path)
    if ending in TABLES:
        return _of_table(CsvTable.of_file(path), wanted)
    if ending == ".npz":
        file = NpzFile.of_file(path)
        return _of_arrays(path, file.names, file.read, wanted)
    tensors = read_tensors(path, DataError)
    return _of_arrays(path, [*tensors], tensors.__getitem__, wanted)


def require_format(path: Path) -> str:
    """Return the ending of a regular file, in small letters, that tells how it is read.

    Raises:
        DataError: there is no such file, or it has another format.
    """
    require_regular(path)
    ending = path.suffix.lower()
    if ending not in _FORMATS:
        why = _WHY.get(ending, "has another format")
        raise DataError(f"{path}: {why}; expected a file that ends in {', '.join(_FORMATS)}")
    return ending


def _of_table(table: CsvTable, wanted: FileParts) -> GivenData:
    used, targets = _used(table.path, table.names, wanted, "columns")
    inputs = _in_file(table.path, lambda: wanted.inputs.among(table.names, used, "columns"))
    numbers = [name for names in inputs.values() for name in names]
    as_text = [name for name in (wanted.split, wanted.group) if name is not None]
    labels = len(targets) > 1 or wanted.kind == "labels"
    if labels or wanted.kind == "number":
        cure = 'kind = "number" learns numbers: leave it out to learn classes'
        if labels:
            cure = "several labels at once are columns of 0 and 1"
        cures = dict.fromkeys(targets, f"; {cure}")
        columns = table.read([*numbers, *targets], as_text, {**dict.fromkeys(numbers, _CHOOSE), **cures})
        target: Any = torch.stack([columns.numbers[name] for name in targets], dim=1)
        target = target if labels else target.flatten()
    else:
        columns = table.read(numbers, [*targets, *as_text], dict.fromkeys(numbers, _CHOOSE))
        target = target_of_texts(table, targets[0], columns, wanted.kind)
    texts = columns.texts
    return GivenData(
        {name: torch.stack([columns.numbers[item] for item in names], 1) for name, names in inputs.items()},
        target,
        tuple(targets) if labels else None,
        None if wanted.split is None else texts[wanted.split],
        None if wanted.group is None else texts[wanted.group],
        lambda row: f"line {columns.lines[row]}",
        inputs,
    )


def _of_arrays(path: Path, names: Sequence[str], read: Callable[[str], Any], wanted: FileParts) -> GivenData:
    used, targets = _used(path, names, wanted, "arrays")
    inputs = _in_file(path, lambda: wanted.inputs.among(names, used, "arrays"))
    several = next((name for name, found in inputs.items() if len(found) > 1), None)
    if several is not None:
        found = ", ".join(inputs[several][:3])
        raise DataError(
            f"{path}: inputs.{several}: is made of {len(inputs[several])} arrays ({found}); expected one"
        )
    tensors = {
        name: _in_file(path, partial(input_tensor, name, read(arrays[0]))) for name, arrays in inputs.items()
    }
    parts = [read(name) for name in targets]
    for name, part in zip(targets, parts, strict=True):
        if part.ndim == 0:
            raise DataError(f"{path}: {name}: is a single value; expected one for each example")
    if len(parts) > 1:
        parts = [
            _in_file(path, partial(_label, name, part)) for name, part in zip(targets, parts, strict=True)
        ]
    lengths = {name: len(value) for name, value in tensors.items()}
    lengths |= {name: len(part) for name, part in zip(targets, parts, strict=True)}
    texts = {
        name: _texts(path, name, read(name)) for name in (wanted.split, wanted.group) if name is not None
    }
    lengths |= {name: len(value) for name, value in texts.items()}
    if len({*lengths.values()}) > 1:
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise DataError(
            f"{path}: the arrays have different lengths: {shown}; expected a row for each example"
        )
    if 0 in lengths.values():
        raise DataError(f"{path}: the arrays hold no example")
    target = torch.stack(parts, dim=1) if len(parts) > 1 else parts[0]
    if not isinstance(target, Tensor) and target.ndim == 1 and target.dtype.kind in "US":
        words = _texts(path, targets[0], target)
        numbers = [number_in(word.strip()) for word in words]
        require_no_stray_text(words, numbers, wanted.kind, lambda row: f"{path}: {targets[0]}: row {row}")
    labels = tuple(targets) if len(parts) > 1 else None
    return GivenData(
        tensors,
        target,
        labels,
        None if wanted.split is None else texts[wanted.split],
        None if wanted.group is None else texts[wanted.group],
        lambda row: f"row {row}",
    )


def _label(name: str, value: Any) -> Tensor:
    """Return one of several labels, `(examples,)`, float64, which holds 0 and 1 of whatever type."""
    found = tensor_of(value, f"target {name!r}").double()
    if found.ndim != 1 and not (found.ndim == 2 and found.shape[1] == 1):
        raise DataError(
            f"target {name!r}: expected a label for each example, (examples,), found the shape "
            f"{tuple(found.shape)}"
        )
    return found.flatten()


def _used(path: Path, names: Sequence[str], wanted: FileParts, things: str) -> tuple[list[str], list[str]]:
    """Return the names of target, split and group, and those of the target alone."""
    targets = _in_file(path, lambda: wanted.target.among(names, "target", things))
    used = [*targets]
    for option in ("split", "group"):
        name = getattr(wanted, option)
        if name is None:
            continue
        if name not in names:
            raise DataError(f"{path}: {option}: {name!r} is none of the {things}{nearest(name, names)}")
        if name in used:
            raise DataError(f"{path}: {option}: {name!r} is used twice")
        used.append(name)
    return used, targets


def _in_file(path: Path, function: Callable[[], Any]) -> Any:
    """Return what a function returns; its error names the file."""
    try:
        return function()
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _texts(path: Path, name: str, value: Any) -> list[str]:
    numbers = isinstance(value, Tensor)
    whole = not (numbers and (value.is_floating_point() or value.is_complex()))
    if value.ndim != 1 or not whole or (not numbers and value.dtype.kind not in "USbiu"):
        dtype = str(value.dtype).removeprefix("torch.")
        raise DataError(
            f"{path}: {name}: expected a text or a whole number for each example, found the shape "
            f"{tuple(value.shape)} of {dtype}"
        )
    array = np.asarray(value)
    return [
        item.decode(errors="backslashreplace") if isinstance(item, bytes) else str(item)
        for item in array.tolist()
    ]
