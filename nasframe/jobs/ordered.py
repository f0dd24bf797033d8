"""A function of many items, computed in worker processes, with results in the order of the items."""

from __future__ import annotations

import math
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import Any, TypeVar

from attrs import define, field

from nasframe.errors import NasframeError
from nasframe.jobs.executor import ATTEMPTS
from nasframe.jobs.pool import Pool
from nasframe.runtime import (
    Progress,
    Silences,
    cores,
    hearing_signs_of_life,
    print_message,
    shorten,
    sign_of_life,
)

__all__ = ["Workers", "in_order"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 4  # results for each worker that are computed before the caller wants them

_START = 60.0  # seconds, beyond the patience, in which a process starts and imports the function

_LOOK = 1.0  # seconds between two looks at how long items have said nothing

_SILENT_ATTEMPTS = 2
"""Attempts at an item that says nothing for too long: each costs as much time as the patience."""


def in_order(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int = 0,
    *,
    least: int = 1,
    initializer: Callable[[], None] | None = None,
    lost: Callable[[Item, str], Result] | None = None,
    patience: float | None = None,
) -> Iterator[Result]:
    """Yield `function` of every item, in order, computed ahead in worker processes. At most a few results are
    in memory.

    An item whose process dies is tried again; so is one that hangs, whose process is killed with all that it
    has started. A worker may call this too.

    Args:
        function: of a module, so that another process can import it; it computes on one thread.
        items: to work on; they, and the results, can be pickled.
        workers: number of processes; 1: only this one; 0: one for each core, but at most one for every
            `least` items, since a process takes time to start.
        least: see `workers`.
        initializer: a function of a module that every worker process calls first.
        lost: returns the result of an item at which a worker process died three times, or that hung twice,
            from the item and the way in which the process ended, in words. None: that is an error. With
            `workers` 1, this process would die or hang.
        patience: seconds for which the work on an item may give no `sign_of_life` (of `nasframe.runtime`);
            where it gives none, for which it may take. So work that goes on is not cut off, however slow the
            machine. None: for ever. The work of this process cannot be ended: after that time it is said
            which item it is. With `workers` 0 and `least` items or more, it is done in other processes.

    Raises:
        NasframeError: a worker process died three times at the same item, or it hung twice, or no worker can
            import the function: one of the program itself, or one inside another.
        Exception: any that the function raises; its note holds the traceback of the worker.
    """
    with closing(Workers.for_items(len(items), workers, least, initializer, patience)) as started:
        yield from started.in_order(function, items, lost)


@define
class Workers:
    """Worker processes for `in_order` that stay from one list of items to the next, until `close`.

    Attributes:
        number: of processes, which are started when they are needed; 1: only this one.
        initializer: a function of a module that every worker process calls first.
        patience: see `in_order`.
        apart: whether a single process is another one than this, so that it may die or hang.
    """

    number: int
    initializer: Callable[[], None] | None = None
    patience: float | None = None
    apart: bool = False
    _pool: Pool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._pool = Pool(self.number, ["torch"], initializer=self.initializer)

    @classmethod
    def for_items(
        cls,
        count: int,
        workers: int = 0,
        least: int = 1,
        initializer: Callable[[], None] | None = None,
        patience: float | None = None,
    ) -> Workers:
        """Return the workers for so many items; the other arguments are those of `in_order`."""
        enough = min(cores(), count // least)
        apart = patience is not None and not workers and enough == 1
        return cls(workers or max(1, enough), initializer, patience, apart)

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
        if self.number == 1 and not self.apart:
            for item in items:
                with _telling_of_a_long_silence(item, self.patience):
                    result = function(item)
                yield result
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
            yield from _results(self._pool, function, items, lost, self.patience)
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
    patience: float | None,
) -> Iterator[Result]:
    waiting = deque(range(len(items)))
    died, hung = Counter[int](), Counter[int]()
    ready: dict[int, Result] = {}
    silences = Silences[int](math.inf if patience is None else patience)
    longest = None if patience is None else min(_LOOK, patience)
    for wanted in range(len(items)):
        while wanted not in ready or waiting:
            while waiting and len(silences) < pool.size and waiting[0] < wanted + _AHEAD * pool.size:
                number = waiting.popleft()
                pool.give(number, _call, (function, items[number]))
                silences.begin(number, _START)
            ends: dict[int, str] = {}
            answers = pool.answers(0 if wanted in ready else longest)
            silences.look()
            for number, word, value in answers:
                if word not in ("done", "died"):
                    if word != "ready" and number in silences:
                        silences.heard(number)
                        sign_of_life()  # of whoever waits for these items
                    continue
                silences.end(number)
                if word == "done":
                    ready[number] = value
                else:
                    died[number] += 1
                    ends[number] = value
            for number in silences.too_long():
                pool.end(number)
                silences.end(number)
                hung[number] += 1
                ends[number] = f"hung and {silences.in_words}"
            for number, how in ends.items():
                if died[number] < ATTEMPTS and hung[number] < _SILENT_ATTEMPTS:
                    waiting.appendleft(number)
                elif lost is not None:
                    ready[number] = lost(items[number], how)
                else:
                    raise NasframeError(_failure(died[number], hung[number], how))
            if wanted in ready:
                break
        yield ready.pop(wanted)


def _failure(died: int, hung: int, how: str) -> str:
    found = [
        f"{word}, {count} times at the same item" for word, count in (("died", died), ("hung", hung)) if count
    ]
    return f"a worker process {' and '.join(found)}: it {how}; with workers = 1 the work stays in one process"


def _call(work: tuple[Callable[[Any], Any], Any], progress: Progress) -> Any:
    function, item = work
    with hearing_signs_of_life(lambda: progress.say("")):
        return function(item)


@contextmanager
def _telling_of_a_long_silence(item: object, patience: float | None) -> Iterator[None]:
    """Print a line where the work on an item in this process, which cannot be ended, is silent for long."""
    if patience is None:
        yield
        return
    heard, ended = threading.Event(), threading.Event()

    def watch() -> None:
        silences = Silences[None](patience)
        silences.begin(None)
        while not ended.wait(min(_LOOK, patience)):
            silences.look()
            if heard.is_set():
                heard.clear()
                silences.heard(None)
            if silences.too_long():
                named = shorten(str(getattr(item, "name", item)), 200)
                print_message(
                    f"nasframe: warning: {named}: its work {silences.in_words}, and cannot be ended in this "
                    "process, as it would be with two or more workers"
                )
                return

    watcher = threading.Thread(target=watch, name="nasframe-silence", daemon=True)
    watcher.start()
    try:
        with hearing_signs_of_life(heard.set):
            yield
    finally:
        ended.set()
        watcher.join()
