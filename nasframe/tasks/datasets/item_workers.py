"""Processes that read items of a data set, as the workers of a DataLoader do."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import pickle
import signal
import threading
import warnings
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import torch
from attrs import define, field

from nasframe.errors import DataError, in_words
from nasframe.tasks.datasets.read_items import ItemReader

__all__ = ["ItemWorkers"]

_READER: ItemReader | None = None
"""The reader of this process, where it is a worker."""


@define(eq=False)
class ItemWorkers:
    """Processes that read the items of a batch side by side; they start at the first batch.

    What they read has the same bits as in this process, as every item is drawn from a seed of its own.

    Attributes:
        reader: of the items.
        workers: number of processes; with 0 items are read here.
        begin: called in each process with its number; a loader's `worker_init_fn`.
        context: how processes start, as `multiprocessing` takes it; None is its default.
    """

    reader: ItemReader
    workers: int = 0
    begin: Callable[[int], Any] | None = None
    context: Any = None
    _pool: ProcessPoolExecutor | None = field(init=False, default=None)

    def items(self, indices: Sequence[int], seed: int) -> list[Any]:
        """Return some items, in order; see `ItemReader.items`.

        Raises:
            DataError: the data set raises an error, or a process ends, or cannot be started.
        """
        if self.workers < 1:
            return self.reader.items(indices, seed)
        size = max(1, -(-len(indices) // self.workers))
        chunks = [indices[start : start + size] for start in range(0, len(indices), size)]
        try:
            pool = self._started()
            with warnings.catch_warnings():  # processes are forked as a DataLoader does it
                warnings.filterwarnings("ignore", message=".*multi-threaded", category=DeprecationWarning)
                found = [pool.submit(_read, chunk, seed) for chunk in chunks]
            return list(itertools.chain.from_iterable(pickle.loads(part.result()) for part in found))
        except BrokenProcessPool as error:
            self._pool = None
            raise DataError(
                "data set: a worker process ended (killed, or out of memory), or could not be started; with "
                "workers=0 items are read in this process"
            ) from error
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise DataError(
                f"data set: cannot be sent to a worker process: {in_words(error)}; with workers=0 items are "
                "read in this process"
            ) from error

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = self.context
            if context is None or isinstance(context, str):
                context = multiprocessing.get_context(context)
            pool = ProcessPoolExecutor(
                self.workers,
                context,
                initializer=_begin,
                initargs=(self.reader, self.begin, context.Value("i", 0)),
            )
            weakref.finalize(self, pool.shutdown, wait=False, cancel_futures=True)
            self._pool = pool
        return self._pool


def _begin(reader: ItemReader, begin: Callable[[int], Any] | None, counter: Any) -> None:
    global _READER
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the process that searches
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    _READER = reader
    with counter.get_lock():
        number = counter.value
        counter.value += 1
    if begin is not None:
        begin(number)


def _end_with_parent() -> None:
    """End this process when the one that started it has ended, however it ended."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _read(indices: Sequence[int], seed: int) -> bytes:
    assert _READER is not None
    # as bytes, for a tensor would keep a file open in both processes
    return pickle.dumps(_READER.items(indices, seed), protocol=pickle.HIGHEST_PROTOCOL)
