"""A function of many items, computed in worker processes, with results in the order of the items."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

from attrs import define, field

from nasframe.errors import NasframeError
from nasframe.jobs.executor import ATTEMPTS
from nasframe.jobs.pool import Pool
from nasframe.runtime import Progress, cores

__all__ = ["Workers", "in_order"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 4  # results for each worker that are computed before the caller wants them


def in_order(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int = 0,
    *,
    least: int = 1,
    initializer: Callable[[], None] | None = None,
    lost: Callable[[Item, str], Result] | None = None,
) -> Iterator[Result]:
    """Yield `function` of every item, in order, computed ahead in worker processes. At most a few results are
    in memory.

    An item whose process dies is tried again. A worker may call this too.

    Args:
        function: of a module, so that another process can import it; it computes on one thread.
        items: to work on; they, and the results, can be pickled.
        workers: number of processes; 1: only this one; 0: one for each core, but at most one for every
            `least` items, since a process takes time to start.
        least: see `workers`.
        initializer: a function of a module that every worker process calls first.
        lost: returns the result of an item at which a worker process died three times, from the item and the
            way in which the process ended, in words. None: that is an error. With `workers` 1, this process
            would die.

    Raises:
        NasframeError: a worker process died three times at the same item, or no worker can import the
            function: one of the program itself, or one inside another.
        Exception: any that the function raises; its note holds the traceback of the worker.
    """
    workers = workers or min(cores(), max(1, len(items) // least))
    with closing(Workers(workers, initializer)) as started:
        yield from started.in_order(function, items, lost)


@define
class Workers:
    """Worker processes for `in_order` that stay from one list of items to the next, until `close`.

    Attributes:
        number: of processes, which are started when they are needed; 1: only this one.
        initializer: a function of a module that every worker process calls first.
    """

    number: int
    initializer: Callable[[], None] | None = None
    _pool: Pool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._pool = Pool(self.number, ["torch"], initializer=self.initializer)

    def in_order(
        self,
        function: Callable[[Item], Result],
        items: Sequence[Item],
        lost: Callable[[Item, str], Result] | None = None,
    ) -> Iterator[Result]:
        """Yield `function` of every item, in order; see the function `in_order`.

        Where the caller takes no more results, or one of them is an error, the processes are ended; the next
        list has others.
        """
        if self.number == 1:
            yield from map(function, items)
            return
        inner = function.func if isinstance(function, partial) else function
        name = getattr(inner, "__qualname__", repr(inner))
        if getattr(inner, "__module__", "") == "__main__" or "<" in name:
            raise NasframeError(
                f"{name}: no worker can import this function, since it is one of the program itself or "
                "stands inside another; move it to a module, or stay in one process with workers = 1"
            )
        self._pool.answers(0)  # none; but workers that have died since the last list are forgotten
        try:
            yield from _results(self._pool, function, items, lost)
        except BaseException:  # a later list must not get an answer that belongs to this one
            self.close()
            raise

    def close(self) -> None:
        """End all processes."""
        self._pool.close()


def _results(
    pool: Pool,
    function: Callable[[Item], Result],
    items: Sequence[Item],
    lost: Callable[[Item, str], Result] | None,
) -> Iterator[Result]:
    waiting = deque(range(len(items)))
    under_way, died = set[int](), Counter[int]()
    ready: dict[int, Result] = {}
    for wanted in range(len(items)):
        while wanted not in ready or waiting:
            while waiting and len(under_way) < pool.size and waiting[0] < wanted + _AHEAD * pool.size:
                number = waiting.popleft()
                under_way.add(number)
                pool.give(number, _call, (function, items[number]))
            for number, word, value in pool.answers(0 if wanted in ready else None):
                if word != "spoke":
                    under_way.discard(number)
                if word == "done":
                    ready[number] = value
                elif word == "died":
                    died[number] += 1
                    if died[number] < ATTEMPTS:
                        waiting.appendleft(number)
                    elif lost is not None:
                        ready[number] = lost(items[number], value)
                    else:
                        raise NasframeError(
                            f"a worker process died, {ATTEMPTS} times at the same item: it {value}; with "
                            "workers = 1 the work stays in one process"
                        )
            if wanted in ready:
                break
        yield ready.pop(wanted)


def _call(work: tuple[Callable[[Any], Any], Any], progress: Progress) -> Any:
    function, item = work
    return function(item)
