"""Objects that one thread at a time may use, kept for whoever needs one next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

__all__ = ["Spares"]

Item = TypeVar("Item")


class Spares(Generic[Item]):
    """Objects that take long to make. There are as many as were in use at once.

    Unlike those of `threading.local`, they outlive the thread that made them.

    Example:
        >>> spares = Spares(list)
        >>> with spares.borrowed() as first, spares.borrowed() as second:
        ...     assert first is not second
        >>> with spares.borrowed() as again:
        ...     assert again is first or again is second

    Args:
        make: makes another one; may be called from several threads at once.
    """

    def __init__(self, make: Callable[[], Item]) -> None:
        self._make = make
        self._free: deque[Item] = deque()

    @contextmanager
    def borrowed(self) -> Iterator[Item]:
        """Yield one that nobody else has inside the block."""
        try:
            item = self._free.pop()
        except IndexError:
            item = self._make()
        try:
            yield item
        finally:
            self._free.append(item)
