"""Work spread over processes or threads, with results in the order of the items."""

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
"""More of them would wait for the interpreter, which works between two frames."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_processes(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int, least: int = 1
) -> Iterator[Result]:
    """`function` of every item, in order.

    Only a few results wait at a time, however many items there are.

    Args:
        function: of a module, so that another process can import it.
        items: to work on.
        workers: processes; 1: this one; 0: one a core, but none for fewer than `least` items, which would be
            done before it has started.
        least: see `workers`.

    Raises:
        NasframeError: a worker process died.
    """
    workers = workers or min(cores(), max(1, len(items) // least))
    if workers == 1:
        yield from map(function, items)
        return
    # Spawned, not forked: a fork of a process in which torch runs threads can hang.
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
    """`function` of every item, in order, computed ahead in threads while the caller uses the results.

    For work that leaves the interpreter free, as decoding does. Only a few results wait at a time, however
    many items there are. Where the caller stops early, no other item is begun, and the threads have ended
    when this iterator is closed.

    Args:
        function: called from several threads at once.
        items: to work on.
        workers: threads; 0: one a core, and no more than `MOST_THREADS`.
    """
    workers = min(workers or min(cores(), MOST_THREADS), max(1, len(items)))
    with ThreadPoolExecutor(workers, thread_name_prefix="nasframe") as pool:
        yield from _in_order(pool, function, items, 2 * workers)


def _in_order(
    pool: Executor, function: Callable[[Item], Result], items: Sequence[Item], ahead: int
) -> Iterator[Result]:
    """Results in the order of the items, of which at most `ahead` are begun and not yet asked for."""
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
    """Have this process use freed memory again instead of giving it back and asking for it anew.

    For arrays of some megabytes, page faults would otherwise cost a quarter of the time. Where there is no
    glibc, nothing changes.
    """
    trim_threshold, mmap_threshold = -1, -3
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(mmap_threshold, 32 << 20)
    mallopt(trim_threshold, 256 << 20)
