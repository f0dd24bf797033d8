"""Processes that read items of a data set, as the workers of a DataLoader do."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import pickle
import signal
import threading
import time
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

IDLE = 20.0
"""Seconds without a batch after which the processes end. The next batch starts new ones."""


@define(eq=False)
class ItemWorkers:
    """Processes that read the items of a batch side by side.

    They start at the first batch and end some seconds after the last, for a data set may be known longer than
    it is used. What they read has the same bits as in this process, as every item is drawn from a seed of
    its own.

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
    _used: float = field(init=False, default=0.0)
    _lock: threading.Lock = field(init=False, factory=threading.Lock)

    def items(self, indices: Sequence[int], seed: int) -> list[Any]:
        """Return some items, in order; see `ItemReader.items`.

        Raises:
            DataError: the data set raises an error, or a process ends, or cannot be started.
        """
        if self.workers < 1:
            return self.reader.items(indices, seed)
        size = max(1, -(-len(indices) // self.workers))
        chunks = [indices[start : start + size] for start in range(0, len(indices), size)]
        with self._lock:
            try:
                return self._read(chunks, seed)
            finally:
                self._used = time.monotonic()

    def _read(self, chunks: Sequence[Sequence[int]], seed: int) -> list[Any]:
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
            threading.Thread(target=_end_when_idle, args=(weakref.ref(self), pool), daemon=True).start()
        return self._pool

    def _end_if_idle(self, pool: ProcessPoolExecutor) -> float:
        """End the processes of a pool that has rested; return the seconds until it will have, 0 where it has
        ended."""
        if not self._lock.acquire(blocking=False):  # a batch is being read
            return IDLE
        try:
            left = self._used + IDLE - time.monotonic()
            if self._pool is pool and left > 0:
                return left
            if self._pool is pool:
                self._pool = None
                pool.shutdown(wait=False)
            return 0.0
        finally:
            self._lock.release()


def _end_when_idle(workers: weakref.ref[ItemWorkers], pool: ProcessPoolExecutor) -> None:
    left = IDLE
    while left > 0:
        time.sleep(left)
        found = workers()
        left = 0.0 if found is None else found._end_if_idle(pool)
        del found  # the data set may go meanwhile


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
