"""A function of many items, computed ahead in threads of this process.

Threads, and no processes: decoding and the backbones do not hold the interpreter, so threads use every core;
all of them share one network in memory, the results need no copy, and the first is there without the start of
a process.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import TypeVar

from nasframe.runtime import Cancellation, cores

__all__ = ["in_threads"]

MOST_THREADS = 8
"""More threads would wait for the interpreter, which is needed between two frames."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int = 0,
    cancellation: Cancellation | None = None,
) -> Iterator[Result]:
    """Yield `function` of every item, in order, computed ahead in threads while the caller uses the results.

    For work that does not hold the interpreter, such as decoding. At most a few results are in memory. If the
    caller stops early, no other item is started, and the threads have ended when this iterator is closed.

    Args:
        function: called from several threads at once.
        items: to work on.
        workers: number of threads; 0: one for each core, and no more than `MOST_THREADS`.
        cancellation: is cancelled as soon as the caller stops, for a function that looks at it.
    """
    workers = min(workers or min(cores(), MOST_THREADS), max(1, len(items)))
    rest = iter(items)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="nasframe")
    waiting: deque[Future[Result]] = deque()
    try:
        waiting.extend(pool.submit(function, item) for item in itertools.islice(rest, 2 * workers))
        while waiting:
            yield _result(waiting[0])
            waiting.popleft()
            waiting.extend(pool.submit(function, item) for item in itertools.islice(rest, 1))
    finally:
        if cancellation is not None:
            cancellation.cancel()
        for future in waiting:
            future.cancel()
        # A Ctrl-C while a thread is joined lets Python 3.11 take it for ended, and the program ends under it.
        # So the threads have nothing left to do before they are joined.
        wait(waiting)
        pool.shutdown()


def _result(future: Future[Result]) -> Result:
    """Return the result; a Ctrl-C while it is waited for is a KeyboardInterrupt and nothing else.

    `Future.result` waits in Python's own code, which a Ctrl-C can leave with a lock that it does not hold.
    """
    ended: SimpleQueue[Future[Result]] = SimpleQueue()
    future.add_done_callback(ended.put)
    return ended.get().result()
