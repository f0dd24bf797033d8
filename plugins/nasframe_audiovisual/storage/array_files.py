"""Arrays in files: written row by row, then mapped into memory."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nasframe.errors import DataError
from nasframe.runtime import naming_file, require_regular

__all__ = ["RowWriter", "first_not_finite", "open_rows", "require_finite", "row_not_finite"]


_ROWS = 256
"""Rows that are checked at once."""


class RowWriter:
    """Writes a `.npy` file row by row; the number of rows is set at the end of its `with` block.

    Args:
        path: of the file.
        dtype: of the values. The first row gives the shape of all rows.

    Attributes:
        rows: number of rows so far.
    """

    def __init__(self, path: Path, dtype: DTypeLike) -> None:
        self._shape: tuple[int, ...] = ()
        self._dtype, self.rows = np.dtype(dtype), 0
        self._path, self._file = path, path.open("wb")

    def append(self, row: NDArray[Any]) -> int:
        """Write one row and return its number, from 0.

        Raises:
            ValueError: its shape is not that of the first row.
            OSError: with the system's number, such as that of a full disk.
        """
        if self.rows == 0:
            self._shape = row.shape
            self._write_header()
        if row.shape != self._shape:
            raise ValueError(f"expected a row of shape {self._shape}, found {row.shape}")
        with naming_file(self._path):
            self._file.write(np.ascontiguousarray(row, self._dtype).data)
        self.rows += 1
        return self.rows - 1

    def __enter__(self) -> RowWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:  # the file is of no use, and what closing it meets tells less
            with contextlib.suppress(OSError):
                self._file.close()
            return
        with naming_file(self._path), self._file:
            self._write_header()

    def _write_header(self) -> None:
        # numpy leaves room in a header for a larger number of rows.
        description = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self.rows, *self._shape),
        }
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, description)
        self._file.seek(0)
        self._file.write(header.getvalue())
        self._file.seek(0, io.SEEK_END)


def open_rows(path: Path, dtype: DTypeLike | None = None, dimensions: int | None = None) -> NDArray[Any]:
    """Map the array at `path` into memory; a part is read from disk when it is used, and nothing is written.

    Args:
        path: of the file.
        dtype: that it must have; None takes numbers of any kind.
        dimensions: the number that it must have.

    Raises:
        DataError: the file is missing or damaged, or holds another array.
    """
    require_regular(path)
    try:
        # Nothing is written, but torch warns about read-only memory, so it is copy-on-write.
        array = np.lib.format.open_memmap(path, mode="c")
    except Exception as error:  # a damaged header is parsed as Python, which raises many classes
        raise DataError(f"{path}: cannot be read as an array: {type(error).__name__}: {error}") from error
    if array.dtype.kind not in "biuf" or (dtype is not None and array.dtype != dtype):
        raise DataError(f"{path}: expected an array of {dtype or 'numbers'}, found {array.dtype}")
    if array.ndim == 0 or (dimensions is not None and array.ndim != dimensions):
        raise DataError(f"{path}: expected {dimensions or 'some'} dimensions, found {array.ndim}")
    return array


def require_finite(path: Path, rows: NDArray[Any], first: int = 0) -> None:
    """Refuse rows in which a number is not finite; they are read once, a few at a time.

    Args:
        path: of the file that holds them, or that they were made from, for the error.
        rows: `(rows, …)`; integers are always finite.
        first: the number of the first of them in the file.

    Raises:
        DataError: with the file and the row.
    """
    if (row := first_not_finite(rows)) is not None:
        raise row_not_finite(path, first + row)


def first_not_finite(rows: NDArray[Any]) -> int | None:
    """Return the first of the rows `(rows, …)` in which a number is not finite; None where all are."""
    if rows.dtype.kind != "f":
        return None
    # A number is finite unless all bits of its exponent are set. Integers are compared faster than halves.
    exponent = np.array(np.inf, rows.dtype).view(rows.dtype.str.replace("f", "u"))
    for start in range(0, len(rows), _ROWS):
        bits = np.ascontiguousarray(rows[start : start + _ROWS]).view(exponent.dtype)
        bad = ((bits & exponent) == exponent).reshape(len(bits), -1).any(1)
        if bad.any():
            return start + int(bad.argmax())
    return None


def row_not_finite(path: Path, row: int) -> DataError:
    """Return the error for a row of a file that holds, or gives, numbers that are not finite."""
    return DataError(
        f"{path}: row {row} holds numbers that are not finite; if the file is in a cache, remove its "
        "folder, and it is made again"
    )
