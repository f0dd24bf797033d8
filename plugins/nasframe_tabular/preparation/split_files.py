"""The file of one split: inputs, targets and the numbers of the examples, as safetensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from nasframe import TensorSplit
from nasframe.errors import DataError
from nasframe.runtime import read_tensors, write_tensors

__all__ = ["read_split", "write_split"]

_INPUT, _TARGETS, _NUMBERS = "input/", "targets", "numbers"


def write_split(
    folder: Path, name: str, inputs: Mapping[str, Tensor], targets: Tensor, numbers: Tensor
) -> None:
    """Write the file of a split.

    Args:
        folder: of a stage.
        name: of the split.
        inputs: name → `(examples, *shape)`, written as float32.
        targets: class numbers `(examples,)`.
        numbers: that the examples have in their data set, `(examples,)`, or several for each
            `(examples, sources)`.
    """
    # safetensors sorts the names: a number in front keeps the order
    tensors = {
        f"{_INPUT}{place:03}/{key}": value.float().contiguous().clone()
        for place, (key, value) in enumerate(inputs.items())
    }
    tensors |= {_TARGETS: targets.long().contiguous(), _NUMBERS: numbers.long().contiguous()}
    write_tensors(folder / f"{name}.safetensors", tensors)


def read_split(folder: Path, name: str, *sources: str) -> TensorSplit:
    """Return a split; its examples are named after their numbers, such as `window 17`.

    Args:
        folder: that `write_split` wrote into.
        name: of the split.
        sources: the kind of thing that each number counts. Of several, a place in the split comes first, as
            a pair may occur twice.

    Raises:
        DataError: there is no such file, or it is damaged.
    """
    path = folder / f"{name}.safetensors"
    tensors = read_tensors(path, DataError, finite=True)
    inputs = {key.split("/", 2)[-1]: tensors[key] for key in sorted(tensors) if key.startswith(_INPUT)}
    if not inputs or not {_TARGETS, _NUMBERS} <= {*tensors}:
        raise DataError(f"{path}: holds no split; remove its folder, and its stage is done again")
    rows = tensors[_NUMBERS].reshape(len(tensors[_NUMBERS]), -1).tolist()
    names = [
        ", ".join(f"{source} {number}" for source, number in zip(sources, row, strict=True)) for row in rows
    ]
    if len(sources) > 1:
        names = [f"{name} {place}: {text}" for place, text in enumerate(names)]
    return TensorSplit(inputs, tensors[_TARGETS], names)
