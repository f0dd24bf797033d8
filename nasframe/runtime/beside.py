"""Functions that are computed beside each other, by the caller and by helper threads."""

from __future__ import annotations

import atexit
import contextlib
import os
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, Generic, TypeVar

from nasframe.runtime.threads import threads_outside

__all__ = ["beside", "threads_beside"]

_MOST = 4
"""More threads would wait for the interpreter, which each needs between two operations."""

_LAST_SECONDS = 1.0  # for which helpers are waited for after a Ctrl-C

_END_SECONDS = 60.0  # in which a helper must end with the process

Result = TypeVar("Result")


def threads_beside() -> int:
    """Return the number of threads of `beside` here, the caller's with them.

    As many as torch had before `one_thread`, at most four; 1 outside of it.
    """
    return min(threads_outside(), _MOST)


def beside(functions: Sequence[Callable[[], Result]]) -> list[Result]:
    """Return the results of functions, in their order; each is called once, in some thread.

    Threads that share one product of matrices wait for each other at its end, which takes many times as long
    where the machine has other work. Here each takes the next function that nobody has begun, so a helper
    that gets no core holds up nothing but what it has begun. `threads_beside` says how many there are.

    Args:
        functions: the longest first, each of operations that let go of the interpreter. They are called
            without gradients and in no order that can be foreseen, so they must not draw random numbers.

    Raises:
        BaseException: the first that a function raised. No other is under way then; after a Ctrl-C, one that
            takes more than a second may be.
    """
    threads = min(threads_beside(), len(functions))
    work = _Work(functions)
    queue = _helpers.queue_for(threads - 1) if threads > 1 else None
    if queue is not None:
        for _ in range(threads - 1):
            queue.put(work)
    return work.done()


class _Work(Generic[Result]):
    """Functions to be called, and what they have given."""

    def __init__(self, functions: Sequence[Callable[[], Result]]) -> None:
        self._results: list[Any] = [None] * len(functions)
        self._waiting = deque(enumerate(functions))
        # It waits in C, where a Ctrl-C is a KeyboardInterrupt and leaves no lock behind.
        self._ended: SimpleQueue[BaseException | None] = SimpleQueue()

    def help(self) -> None:
        """Call what nobody has begun, in a helper thread."""
        while (taken := self._taken()) is not None:
            place, function = taken
            try:
                self._results[place] = function()
            except BaseException as error:
                self._ended.put(error)
            else:
                self._ended.put(None)

    def done(self) -> list[Result]:
        """Call what nobody has begun, wait for the rest, and return the results."""
        import torch

        others, errors = len(self._results), []
        try:
            with torch.no_grad():
                while (taken := self._taken()) is not None:
                    others -= 1
                    place, function = taken
                    self._results[place] = function()
            while others:
                errors.append(self._ended.get())
                others -= 1
        except BaseException as error:
            while self._taken() is not None:
                others -= 1
            # a Ctrl-C may come before one that was taken is counted
            seconds = None if isinstance(error, Exception) else _LAST_SECONDS
            with contextlib.suppress(Empty):
                for _ in range(others):
                    self._ended.get(timeout=seconds)
            raise
        for raised in errors:
            if raised is not None:
                raise raised
        # a helper that is held up still has this work in its queue
        results, self._results = self._results, []
        return results

    def _taken(self) -> tuple[int, Callable[[], Result]] | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None


class _Helpers:
    """The helper threads of this process; they wait for work until it ends."""

    def __init__(self) -> None:
        self._guard, self._queue, self._threads = Lock(), SimpleQueue[_Work[Any] | None](), list[Thread]()

    def queue_for(self, count: int) -> SimpleQueue[_Work[Any] | None]:
        """Return the queue from which at least so many threads take work."""
        with self._guard:
            while len(self._threads) < count:
                name, ready = f"nasframe-beside-{len(self._threads)}", SimpleQueue[None]()
                thread = Thread(target=_help, args=(self._queue, ready), name=name, daemon=True)
                thread.start()
                self._threads.append(thread)  # before a wait, which a Ctrl-C may end
                ready.get()  # later it would set the number of threads of those that are still to come
            return self._queue

    def end(self) -> None:
        """End the threads: one that worked on while the interpreter is taken down would abort the process."""
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(_END_SECONDS)


def _help(queue: SimpleQueue[_Work[Any] | None], ready: SimpleQueue[None]) -> None:
    import torch

    torch.set_num_threads(1)
    ready.put(None)
    with torch.no_grad():
        while (work := queue.get()) is not None:
            work.help()
            del work


_helpers = _Helpers()


def _forget_helpers() -> None:
    """Have none in a process that was forked: its threads did not come along."""
    global _helpers
    _helpers = _Helpers()


@atexit.register
def _end_helpers() -> None:
    _helpers.end()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_helpers)
