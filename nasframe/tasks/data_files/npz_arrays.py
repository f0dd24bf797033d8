"""Arrays of NumPy's archives (`.npz`): mapped into memory where they lie there plainly, never unpickled."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

from nasframe.errors import DataError, in_words
from nasframe.runtime import require_regular

__all__ = ["MOST_MAPPED", "MOST_UNPACKED", "NpzFile"]

MOST_MAPPED = 64 * 2**30
"""The most bytes of an archive; arrays that are not compressed are mapped and not copied."""

MOST_UNPACKED = 4 * 2**30
"""The most bytes of one compressed array, which has to be unpacked into memory."""

_LOCAL_HEADER = 30  # bytes, before the name of a file and what else is written about it


@frozen
class NpzFile:
    """An archive whose arrays are read by name.

    Attributes:
        path: of the file.
        names: of its arrays, in their order.
    """

    path: Path
    names: tuple[str, ...]

    @classmethod
    def of_file(cls, path: Path) -> NpzFile:
        """Return the archive of a file.

        Raises:
            DataError: it is none, or larger than 64 GiB.
        """
        require_regular(path, DataError, MOST_MAPPED)
        try:
            with zipfile.ZipFile(path) as archive:
                files = archive.namelist()
        except Exception as error:  # the module raises many classes for damaged or unusual archives
            raise DataError(
                f"{path}: cannot be read as an archive of NumPy (.npz): {in_words(error)}"
            ) from error
        other = next((name for name in files if not name.endswith(".npy")), None)
        if other is not None:
            raise DataError(
                f"{path}: holds {other!r}, which is no array; expected an archive of NumPy (.npz)"
            )
        if len({*files}) < len(files):
            twice = next(name for name in files if files.count(name) > 1)
            raise DataError(f"{path}: holds the array {twice.removesuffix('.npy')!r} twice")
        return cls(path, tuple(name.removesuffix(".npy") for name in files))

    def read(self, name: str) -> np.ndarray:
        """Return an array, mapped where it is not compressed.

        Raises:
            DataError: it holds pickled objects, is damaged, or compressed and larger than 4 GiB.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                item = archive.getinfo(f"{name}.npy")
                with archive.open(item) as file:
                    shape, fortran, dtype, start = _header(file)
                if dtype.hasobject:
                    raise DataError(
                        f"{self.path}: {name}: holds pickled Python objects, which are never loaded as they "
                        "may run code; save numbers or texts of a fixed length"
                    )
                if item.compress_type == zipfile.ZIP_STORED and not item.flag_bits & 1 and dtype.itemsize:
                    return self._mapped(item, shape, fortran, dtype, start)
                if item.file_size > MOST_UNPACKED:
                    raise DataError(
                        f"{self.path}: {name}: has {item.file_size / 1e9:.1f} GB, compressed; expected "
                        f"{MOST_UNPACKED / 1e9:.1f} GB or less, or one without compression (numpy.savez)"
                    )
                with archive.open(item) as file:
                    found: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
                    return found
        except DataError:
            raise
        except Exception as error:  # each compression has classes of its own for damaged content
            raise DataError(f"{self.path}: {name}: cannot be read as an array: {in_words(error)}") from error

    def _mapped(
        self, item: zipfile.ZipInfo, shape: tuple[int, ...], fortran: bool, dtype: np.dtype[Any], start: int
    ) -> np.ndarray:
        with self.path.open("rb") as file:
            file.seek(item.header_offset)
            head = file.read(_LOCAL_HEADER)
            name, extra = struct.unpack("<HH", head[26:30])
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if start + size != item.file_size:
            raise ValueError(f"expected {size:,} bytes of numbers, found {item.file_size - start:,}")
        if size == 0:
            return np.zeros(shape, dtype)
        offset = item.header_offset + _LOCAL_HEADER + name + extra + start
        return np.memmap(self.path, dtype, "r", offset, shape, "F" if fortran else "C")


def _header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Return shape, order, dtype and the number of bytes before the numbers."""
    version = np.lib.format.read_magic(file)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"the version {version[0]}.{version[1]} of its format is not known; save it anew")
    shape, fortran, dtype = readers[version](file)
    return shape, fortran, dtype, file.tell()
