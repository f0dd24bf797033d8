"""One kind of stream of a set: the rows of several files, mapped into memory and read like one array."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nasframe.errors import DataError
from nasframe.runtime import Each, Items, Number, read_json, write_json
from nasframe_audiovisual.storage import first_not_finite, open_rows, row_not_finite

__all__ = ["ShardedRows", "open_streams", "shard_file", "write_shard_list"]

SHARD_LIST = "streams.json"
"""Kind of stream → the number of rows in each shard."""

_LIST = Each(Items(Number(0, whole=True)))


class ShardedRows:
    """Rows of one shape in several files, numbered through. Only what is used is read from the disk.

    Args:
        files: one or more, each with its array `(rows, …)`.

    Attributes:
        shape: of all, `(rows, …)`.
    """

    def __init__(self, files: Sequence[tuple[Path, NDArray[Any]]]) -> None:
        self._files = files
        self._starts = [0, *itertools.accumulate(len(array) for _, array in files)]
        self.shape: tuple[int, ...] = (self._starts[-1], *files[0][1].shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Tensor) -> Tensor:
        """Return the rows of these numbers `(n,)`, copied into memory `(n, …)`."""
        return self._stacked([self._row(row) for row in rows.tolist()])

    def chosen(self, rows: Tensor, parts: Tensor) -> Tensor:
        """Return some parts of each row: for rows `(n,)` and parts `(n, m)`, `(n, m, …)` in memory."""
        pairs = zip(rows.tolist(), parts.numpy(), strict=True)
        return self._stacked([self._row(row)[places] for row, places in pairs])

    def batches(self, size: int) -> Iterator[Tensor]:
        """Yield all rows in their order, so many at a time, the last ones maybe fewer."""
        for start in range(0, len(self), size):
            yield self[torch.arange(start, min(start + size, len(self)))]

    def place(self, row: int) -> tuple[Path, int]:
        """Return the file that holds a row, and its number in that file."""
        shard = bisect_right(self._starts, row) - 1
        return self._files[shard][0], row - self._starts[shard]

    def require_finite(self) -> None:
        """Refuse rows in which a number is not finite; all are read once, a few at a time.

        Raises:
            DataError: with the file and the row.
        """
        for path, array in self._files:
            if (row := first_not_finite(array)) is not None:
                raise row_not_finite(path, row)

    def _row(self, row: int) -> NDArray[Any]:
        if not 0 <= row < len(self):
            raise DataError(f"{self._files[0][0].parent}: has {len(self)} rows, and none of number {row}")
        shard = bisect_right(self._starts, row) - 1
        found: NDArray[Any] = self._files[shard][1][row - self._starts[shard]]
        return found

    def _stacked(self, rows: Sequence[NDArray[Any]]) -> Tensor:
        if not rows:
            return torch.from_numpy(np.empty((0, *self.shape[1:]), self._files[0][1].dtype))
        return torch.from_numpy(np.stack(rows))


def open_streams(folder: Path, kind: str, further: Sequence[Path] = ()) -> ShardedRows:
    """Map one kind of the streams that `write_streams` wrote into memory.

    A folder with one array `pictures.npy` or `sounds.npy`, as older versions wrote it, is read too.

    Args:
        folder: with the shards.
        kind: `pictures`, whose rows are `(frames, size, size, 3)`, or `sounds`, `(mels, columns)`.
        further: folders whose rows follow. One without such an array has none of this kind.

    Raises:
        DataError: a file is missing or damaged, or has another number of rows than the list says.
    """
    files = _files(folder, kind)
    for other in further:
        files += _files(other, kind) if (other / f"{kind}.npy").is_file() else []
    for path, array in files:
        if array.shape[1:] != files[0][1].shape[1:]:
            raise DataError(
                f"{path}: has rows of the shape {array.shape[1:]}, those of {files[0][0]} have "
                f"{files[0][1].shape[1:]}"
            )
    return ShardedRows(files)


def _files(folder: Path, kind: str) -> list[tuple[Path, NDArray[Any]]]:
    """Return the files of one kind of stream in a folder, each with its array."""
    whole = folder / f"{kind}.npy"
    if whole.is_file() or not (folder / SHARD_LIST).is_file():
        return [(whole, open_rows(whole))]
    lists: Mapping[str, list[int]] = read_json(folder / SHARD_LIST, _LIST, DataError)
    files: list[tuple[Path, NDArray[Any]]] = []
    for number, rows in enumerate(lists.get(kind, ())):
        if not rows:
            continue  # all of its clips share streams of earlier ones, or cannot be used
        path = shard_file(folder, kind, number)
        array = open_rows(path)
        if len(array) != rows or (files and array.shape[1:] != files[0][1].shape[1:]):
            raise DataError(
                f"{path}: expected {rows} rows, as {SHARD_LIST} has them, found an array {array.shape}; "
                "remove the folder, and it is made again"
            )
        files.append((path, array))
    if not files:
        raise DataError(f"{folder / SHARD_LIST}: has no {kind}; expected the rows of one shard or more")
    return files


def shard_file(folder: Path, kind: str, number: int) -> Path:
    """Return the path of the array of one kind of stream in a shard."""
    return folder / f"{kind}-{number:05}.npy"


def write_shard_list(folder: Path, rows: Mapping[str, Sequence[int]]) -> None:
    """Write the number of rows in each shard, for each kind of stream: with it, the streams can be opened."""
    write_json(folder / SHARD_LIST, {kind: [*counts] for kind, counts in rows.items()})
