"""Arrays as people have them, as tensors: NumPy, lists, columns of a data frame, other devices."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nasframe.errors import DataError
from nasframe.tasks.values_in_words import kind_in_words

__all__ = ["array_of", "is_missing", "is_of_tensors", "tensor_of"]


def tensor_of(value: Any, name: str) -> Tensor:
    """Return numbers as a dense, detached tensor, in their own dtype and, if they are a tensor, as they are.

    Args:
        value: a tensor, an array, nested lists, or what has `to_numpy` (a column of a data frame).
        name: for an error.

    Raises:
        DataError: no numbers, complex ones, or rows of different shapes.
    """
    if isinstance(value, Tensor):
        return _plain(value, name)
    if is_of_tensors(value):
        shapes = [tuple(row.shape) for row in value]
        other = next((row for row, shape in enumerate(shapes) if shape != shapes[0]), None)
        if other is not None:
            raise DataError(
                f"{name}: row 0 has the shape {shapes[0]}, row {other} the shape {shapes[other]}; "
                "expected rows of one shape"
            )
        return _plain(torch.stack([row.detach() for row in value]), name)
    array = array_of(value, name)
    if array.dtype.kind == "O":
        array = _numbers(array, name)
    if array.dtype.kind == "c":
        raise DataError(_complex(name, array.dtype))
    if array.dtype.kind not in "biuf":
        raise DataError(f"{name}: expected numbers, found {_of_kind(array)}")
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:  # dtypes that torch computes little with
        if array.size and int(array.max()) > torch.iinfo(torch.int64).max:
            raise DataError(f"{name}: {array.max()} is too large for a whole number of 64 bits")
        array = array.astype(np.int64)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if any(stride < 0 for stride in array.strides):
        array = array.copy()
    with warnings.catch_warnings():  # one that may not be written into, which nobody does
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array)


def is_of_tensors(value: Any) -> bool:
    """Return True for a list of tensors."""
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(row, Tensor) for row in value)


def array_of(value: Any, name: str) -> np.ndarray:
    """Return what is no tensor as a NumPy array of any kind; a masked entry becomes None.

    Raises:
        DataError: it is no array, or its rows have different lengths.
    """
    if hasattr(value, "toarray"):  # sparse, of SciPy
        value = value.toarray()
    elif hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if isinstance(value, np.ma.MaskedArray):
        value = np.where(np.ma.getmaskarray(value), None, value.data)  # type: ignore[call-overload]
    elif not (isinstance(value, list | tuple | range) or hasattr(value, "__array__")):
        raise DataError(f"{name}: expected a tensor, an array or a list, found {kind_in_words(value)}")
    try:
        if isinstance(value, list | tuple) and _is_mixed(value):
            value = np.array([*value, None], dtype=object)[:-1]  # NumPy would make text of it all
        array = np.asarray(value)
    except Exception as error:  # array-likes may raise anything
        why = _different_rows(value) or str(error).partition("\n")[0]
        raise DataError(f"{name}: cannot be read as an array of numbers: {why}") from error
    if array.dtype.names:
        raise DataError(f"{name}: expected numbers, found records with the fields {list(array.dtype.names)}")
    return array


def _different_rows(value: Any) -> str:
    """Return in words the first row of another shape than the first one; empty where there is none."""
    if not isinstance(value, list | tuple):
        return ""
    first: tuple[int, ...] | None = None
    for row, item in enumerate(value):
        try:
            shape = np.shape(item)
        except ValueError:
            return f"row {row} holds lists of different lengths"
        first = shape if first is None else first
        if shape != first:
            return f"row 0 has the shape {first}, row {row} the shape {shape}; expected rows of one shape"
    return ""


def _plain(value: Tensor, name: str) -> Tensor:
    if value.is_meta:
        raise DataError(f"{name}: is on the meta device, where tensors have a shape and no values")
    if value.is_nested:
        raise DataError(f"{name}: is a nested tensor; expected rows of one shape")
    if value.is_complex():
        raise DataError(_complex(name, str(value.dtype).removeprefix("torch.")))
    if value.requires_grad or type(value) is not Tensor:
        value = value.detach()
    if value.layout != torch.strided:
        value = value.to_dense()
    if value.is_quantized:
        value = value.dequantize()
    if value.dtype in (torch.uint16, torch.uint32, torch.uint64):
        value = tensor_of(value.cpu().numpy(), name)
    return value


def _is_mixed(values: Sequence[Any]) -> bool:
    """Return True for texts beside other things, such as None."""
    texts = sum(isinstance(value, str | bytes) for value in values)
    return 0 < texts < len(values)


def _numbers(array: np.ndarray, name: str) -> np.ndarray:
    """Return an array of Python objects as numbers; None is NaN."""
    flat = array.reshape(-1)
    for place, value in enumerate(flat):
        if not (value is None or isinstance(value, int | float | np.number | np.bool_) or is_missing(value)):
            row = place // max(1, flat.size // max(1, len(array) if array.ndim else 1))
            raise DataError(f"{name}: expected numbers, found {kind_in_words(value)} in row {row}")
    return np.array([np.nan if is_missing(value) else value for value in flat]).reshape(array.shape)


def is_missing(value: Any) -> bool:
    """Return True for None, NaN, and the marks of a data frame."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _complex(name: str, dtype: object) -> str:
    return f"{name}: complex numbers ({dtype}) are not taken; give real and imaginary part as two inputs"


def _of_kind(array: np.ndarray) -> str:
    kinds = {"U": "texts", "S": "texts in bytes", "M": "dates", "m": "durations", "V": "raw bytes"}
    return kinds.get(array.dtype.kind, str(array.dtype))
