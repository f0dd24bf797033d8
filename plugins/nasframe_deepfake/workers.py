"""A function of many items, computed in processes or threads, with results in the order of the items."""

from __future__ import annotations

import ctypes
import itertools
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from nasframe.errors import NasframeError
from nasframe.runtime import cores

__all__ = ["in_processes", "in_threads"]

MOST_THREADS = 8
"""More threads would wait for the interpreter, which is needed between two frames."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int, least: int = 1
) -> Iterator[Result]:
    """Yield `function` of every item, in order. At most a few results are in memory.

    Args:
        function: of a module, so that another process can import it.
        items: to work on.
        workers: number of processes; 1: only this one; 0: one for each core, but at most one for
            every `least` items, since a process takes time to start.
        least: see `workers`.

    Raises:
        NasframeError: a worker process died.
    """
    workers = workers or min(cores(), max(1, len(items) // least))
    if workers == 1:
        yield from map(function, items)
        return
    # Spawn, because a fork of a process in which torch has threads can hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_keep_freed_memory) as pool:
        try:
            yield from _in_order(pool, function, items, 4 * workers)
        except BrokenProcessPool as error:
            raise NasframeError(
                "a worker process died: out of memory, or a script that starts workers without "
                "`if __name__ == '__main__':` around its work; workers = 1 stays in one process"
            ) from error


def in_threads(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int = 0
) -> Iterator[Result]:
    """Yield `function` of every item, in order, computed ahead in threads while the caller uses the results.

    For work that does not hold the interpreter, such as decoding. At most a few results are in memory. If the
    caller stops early, no other item is started, and the threads have ended when this iterator is closed.

    Args:
        function: called from several threads at once.
        items: to work on.
        workers: number of threads; 0: one for each core, and no more than `MOST_THREADS`.
    """
    workers = min(workers or min(cores(), MOST_THREADS), max(1, len(items)))
    with ThreadPoolExecutor(workers, thread_name_prefix="nasframe") as pool:
        yield from _in_order(pool, function, items, 2 * workers)


def _in_order(
    pool: Executor, function: Callable[[Item], Result], items: Sequence[Item], ahead: int
) -> Iterator[Result]:
    """Yield results in the order of the items. At most `ahead` of them are started before they are used."""
    rest = iter(items)
    waiting: deque[Future[Result]] = deque(
        pool.submit(function, item) for item in itertools.islice(rest, ahead)
    )
    try:
        while waiting:
            yield waiting.popleft().result()
            waiting.extend(pool.submit(function, item) for item in itertools.islice(rest, 1))
    finally:
        for future in waiting:
            future.cancel()


def _keep_freed_memory() -> None:
    """Keep freed memory in this process for later use, instead of returning it to the system.

    With arrays of some megabytes, page faults would otherwise take a quarter of the time. Without glibc,
    nothing changes.
    """
    trim_threshold, mmap_threshold = -1, -3
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(mmap_threshold, 32 << 20)
    mallopt(trim_threshold, 256 << 20)
