"""The number of threads with which torch computes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["ThreadsKept", "one_thread", "threads_outside"]

_outside = threading.local()


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute each operation of torch on one thread of the CPU inside the block.

    The matrices of a search are small: handing them to several threads costs more than it saves, most of
    all on a machine that has other work. On one thread the result does not depend on the number of cores.
    Whole operations may still be computed `beside` each other.
    """
    import torch

    before, outside = torch.get_num_threads(), getattr(_outside, "threads", None)
    _outside.threads = before if outside is None else outside
    torch.set_num_threads(1)
    try:
        yield
    finally:
        _outside.threads = outside
        torch.set_num_threads(before)


def threads_outside() -> int:
    """Return the number of threads that torch had before `one_thread`, and 1 where it is not inside one."""
    threads = getattr(_outside, "threads", None)
    return 1 if threads is None else int(threads)


class ThreadsKept:
    """The number of threads of a library, which belongs to the whole process, is the same after as before.

    The first block that is entered notes it, and the last one that is left restores it; blocks may overlap in
    several threads, and each may change the number.

    Args:
        read: returns the number.
        write: sets it.
    """

    def __init__(self, read: Callable[[], int], write: Callable[[int], None]) -> None:
        self._read, self._write = read, write
        self._guard, self._inside, self._before = threading.Lock(), 0, 1

    def __enter__(self) -> None:
        with self._guard:
            if self._inside == 0:
                self._before = self._read()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._guard:
            self._inside -= 1
            if self._inside == 0:
                self._write(self._before)
