"""A function of many items, computed ahead in threads of this process.

Threads, and no processes: decoding and the backbones do not hold the interpreter, so threads use every core;
all of them share one network in memory, the results need no copy, and the first is there without the start of
a process.
"""

from __future__ import annotations

import atexit
import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Generic, TypeVar

from attrs import define, field

from nasframe.runtime import Cancellation, Silences, cores, hearing_signs_of_life, sign_of_life

__all__ = ["in_threads"]

MOST_THREADS = 8
"""More threads would wait for the interpreter, which is needed between two frames."""

_LOOK = 1.0  # seconds between two looks at how long an item has said nothing

_LAST_SECONDS = 60.0  # in which threads must end when the caller stops, where one may hang

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int = 0,
    cancellation: Cancellation | None = None,
    patience: float | None = None,
    lost: Callable[[Item, str], Result] | None = None,
) -> Iterator[Result]:
    """Yield `function` of every item, in order, computed ahead in threads while the caller uses the results.

    For work that does not hold the interpreter, such as decoding. At most a few results are in memory. If the
    caller stops early, no other item is started, and the threads have ended when this iterator is closed.

    Args:
        function: called from several threads at once.
        items: to work on.
        workers: number of threads; 0: one for each core, and no more than `MOST_THREADS`.
        cancellation: is cancelled as soon as the caller stops, for a function that looks at it.
        patience: seconds for which the work on an item may give no `sign_of_life` (of `nasframe.runtime`).
            Nobody can end its thread: it is left behind, another one takes its place, and the program does
            not wait for it when it ends. None: for ever.
        lost: returns the result of such an item, from the item and what it did, in words.

    Raises:
        TimeoutError: an item was silent for too long, and there is no `lost`.
    """
    workers = min(workers or min(cores(), MOST_THREADS), max(1, len(items)))
    rest = iter(items)
    queue: SimpleQueue[_Job[Item, Result] | None] = SimpleQueue()
    threads = [_started(function, queue) for _ in range(workers)]
    waiting: deque[_Job[Item, Result]] = deque()
    silences = None if patience is None else Silences[_Job[Item, Result]](patience)

    def look() -> None:
        """Count for all that is under way, so that items that hang at once are given up at once."""
        assert silences is not None
        silences.look()
        for job in waiting:
            if job.future.done():
                if job in silences:
                    silences.end(job)  # it waits for its turn, and has no more to say
                continue
            if job.thread is None:
                continue
            if job not in silences:
                silences.begin(job)
            if job.has_spoken:
                job.has_spoken = False
                silences.heard(job)
                sign_of_life()  # of whoever waits for these items

    def submit(count: int) -> None:
        for item in itertools.islice(rest, count):
            waiting.append(_Job(item))
            queue.put(waiting[-1])

    try:
        submit(2 * workers)
        while waiting:
            job = waiting[0]
            while silences is not None:
                look()
                if job in silences.too_long():
                    job.leave()
                    break
                if job.ends_within(min(_LOOK, silences.patience)):
                    break
            if silences is not None and job in silences:
                silences.end(job)
            if job.is_left:
                assert silences is not None
                threads.append(_started(function, queue))
                if lost is None:
                    raise TimeoutError(f"{job.item}: its work {silences.in_words}")
                result = lost(job.item, f"hung and {silences.in_words}")
            else:
                result = job.result()
            yield result
            waiting.popleft()
            submit(1)
    finally:
        if cancellation is not None:
            cancellation.cancel()
        for job in waiting:
            job.future.cancel()
        for _ in threads:
            queue.put(None)
        # A Ctrl-C while a thread is joined lets Python 3.11 take it for ended, and the program ends under it.
        # So the threads have nothing left to do before they are joined.
        wait([job.future for job in waiting if not job.is_left], None if patience is None else _LAST_SECONDS)
        for job in waiting:
            if not job.future.done():
                job.leave()
        for thread in threads:
            if thread in _awaited:
                thread.join()


@define(eq=False)
class _Job(Generic[Item, Result]):
    """An item, and the work on it.

    Attributes:
        item: to work on.
        future: of the result.
        ended: holds the future once its work has ended.
        thread: in which it is worked on; None before.
        has_spoken: since it was last asked.
        is_left: whether its thread is left behind.
    """

    item: Item
    future: Future[Result] = field(factory=Future)
    ended: SimpleQueue[Future[Result]] = field(factory=SimpleQueue)
    thread: Thread | None = None
    has_spoken: bool = False
    is_left: bool = False

    def __attrs_post_init__(self) -> None:
        self.future.add_done_callback(self.ended.put)

    def ends_within(self, seconds: float) -> bool:
        """Wait for the end of the work; return whether it has come."""
        try:
            self.ended.put(self.ended.get(timeout=seconds))
        except Empty:
            return False
        return True

    def result(self) -> Result:
        """Return the result; a Ctrl-C while it is waited for is a KeyboardInterrupt and nothing else.

        `Future.result` waits in Python's own code, which a Ctrl-C can leave with a lock that it does not
        hold.
        """
        return self.ended.get().result()

    def speak(self) -> None:
        """Take a sign of life."""
        self.has_spoken = True

    def leave(self) -> None:
        """Leave its thread behind."""
        self.is_left = True
        if self.thread is not None:
            _awaited.pop(self.thread, None)


_awaited: dict[Thread, SimpleQueue[Any]] = {}
"""Threads whose end is waited for before the program ends → where they get their items."""


def _started(function: Callable[[Item], Result], queue: SimpleQueue[_Job[Item, Result] | None]) -> Thread:
    # Python waits for other threads when it ends, and that for ever for one that hangs.
    thread = Thread(target=lambda: _work(function, queue, thread), name="nasframe", daemon=True)
    _awaited[thread] = queue
    thread.start()
    return thread


def _work(
    function: Callable[[Item], Result], queue: SimpleQueue[_Job[Item, Result] | None], thread: Thread
) -> None:
    """Work on one item after the other, until there is a None, or this thread was left behind."""
    try:
        while (job := queue.get()) is not None:
            if not job.future.set_running_or_notify_cancel():
                continue
            job.thread = thread
            try:
                with hearing_signs_of_life(job.speak):
                    result = function(job.item)
            except BaseException as error:
                job.future.set_exception(error)
            else:
                job.future.set_result(result)
            if job.is_left:
                return
    finally:
        _awaited.pop(thread, None)


@atexit.register
def _await_all() -> None:
    left = dict(_awaited)
    for queue in left.values():
        queue.put(None)
    for thread in left:
        thread.join(_LAST_SECONDS)  # one that hangs is left behind
