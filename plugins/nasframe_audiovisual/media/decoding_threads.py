"""A function of many files, computed ahead in threads of this process.

Threads, and no processes: decoding and the backbones do not hold the interpreter, so threads use every core;
all of them share one network in memory, the results need no copy, and the first is there without the start of
a process.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from nasframe.runtime import cores

__all__ = ["in_threads"]

MOST_THREADS = 8
"""More threads would wait for the interpreter, which is needed between two frames."""

Item = TypeVar("Item")
Result = TypeVar("Result")


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
    rest = iter(items)
    with ThreadPoolExecutor(workers, thread_name_prefix="nasframe") as pool:
        waiting: deque[Future[Result]] = deque(
            pool.submit(function, item) for item in itertools.islice(rest, 2 * workers)
        )
        try:
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(function, item) for item in itertools.islice(rest, 1))
        finally:
            for future in waiting:
                future.cancel()
