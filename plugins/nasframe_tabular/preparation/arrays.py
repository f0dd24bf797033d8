"""Arrays of NumPy's archives, and tables in CSV, as tensors: what is not plainly numbers is refused."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nasframe.errors import DataError
from nasframe.runtime import counted, read_csv
from nasframe_tabular.wheels import read_members

__all__ = ["load_arrays", "read_number_table"]

_SHOWN = 40


def load_arrays(content: bytes, names: Sequence[str], limit: int, source: str) -> dict[str, Tensor]:
    """Return arrays of an `.npz` file as tensors, by name.

    Args:
        content: of the file.
        names: of the arrays.
        limit: the most bytes that each may have.
        source: the name of the file, for an error.

    Raises:
        DataError: an array is not there, larger, damaged, or of anything else than numbers. Pickled objects
            are never loaded.
    """
    files = read_members(content, [f"{name}.npy" for name in names], limit, source)
    found = {}
    for name in names:
        try:
            array = np.load(io.BytesIO(files[f"{name}.npy"]), allow_pickle=False)
            found[name] = torch.from_numpy(array)
        except Exception as error:  # NumPy raises many classes, and torch knows no arrays of texts
            raise DataError(f"{source}: {name}: cannot be read as an array of numbers: {error}") from error
    return found


def read_number_table(
    path: Path, columns: Sequence[str], label: str | None = None
) -> tuple[Tensor, list[str]]:
    """Return the numbers of a CSV file with a header, `(rows, columns)`, float64, and the texts of a column.

    Args:
        path: of the file.
        columns: the names of the columns with numbers, in order; the file has these and `label` alone.
        label: the column of texts; None for a file without one.

    Raises:
        DataError: with the line: other columns, a row of another length, or no finite number.
    """
    wanted = [*columns] if label is None else [label, *columns]
    rows = read_csv(path)
    line, header = next(rows, (1, []))
    if header != wanted:
        other = next((name for name in wanted if name not in header), "others in other places")
        raise DataError(
            f"{path}: line {line}: expected {counted(len(wanted), 'column')}, {wanted[0]} to {wanted[-1]}, "
            f"found {len(header)}; missing: {other}"
        )
    values, labels = [], []
    for line, row in rows:
        if len(row) != len(wanted):
            raise DataError(f"{path}: line {line}: expected {len(wanted)} fields, found {len(row)}")
        texts = row[len(wanted) - len(columns) :]
        values.append([_number(text, path, line) for text in texts])
        labels += row[: len(wanted) - len(columns)]
    return torch.tensor(values, dtype=torch.float64).reshape(len(values), len(columns)), labels


def _number(text: str, path: Path, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{path}: line {line}: expected a finite number, found {text[:_SHOWN]!r}")
    return value
