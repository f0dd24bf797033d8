"""Functions that are computed beside each other, by the caller and by helper threads."""

from __future__ import annotations

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

_LAST_SECONDS = 1.0  # for which helpers are waited for after an error

Result = TypeVar("Result")


def threads_beside() -> int:
    """Return the number of threads of `beside` here, the caller's with them.

    It is that which torch had before `one_thread`, and four at most; outside of `one_thread` it is 1.
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
        BaseException: the first that a function raised; by then no other is under way.
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

        others = len(self._results)
        try:
            with torch.no_grad():
                while (taken := self._taken()) is not None:
                    others -= 1
                    place, function = taken
                    self._results[place] = function()
        except BaseException:
            while self._taken() is not None:
                others -= 1
            with contextlib.suppress(Empty):  # a Ctrl-C may come before one that was taken is counted
                for _ in range(others):
                    self._ended.get(timeout=_LAST_SECONDS)
            raise
        errors = [self._ended.get() for _ in range(others)]
        for error in errors:
            if error is not None:
                raise error
        return self._results

    def _taken(self) -> tuple[int, Callable[[], Result]] | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None


class _Helpers:
    """The helper threads of this process; they wait for work until it ends."""

    def __init__(self) -> None:
        self._guard, self._queue, self._count = Lock(), SimpleQueue[_Work[Any]](), 0

    def queue_for(self, count: int) -> SimpleQueue[_Work[Any]]:
        """Return the queue from which at least so many threads take work."""
        with self._guard:
            while self._count < count:
                name = f"nasframe-beside-{self._count}"
                Thread(target=_help, args=(self._queue,), name=name, daemon=True).start()
                self._count += 1
            return self._queue


def _help(queue: SimpleQueue[_Work[Any]]) -> None:
    import torch

    torch.set_num_threads(1)
    with torch.no_grad():
        while True:
            queue.get().help()


_helpers = _Helpers()


def _forget_helpers() -> None:
    """Have none in a process that was forked: its threads did not come along."""
    global _helpers
    _helpers = _Helpers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_helpers)
