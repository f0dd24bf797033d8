"""A bounded queue: so many clips are scored at once, so many more may wait, and another one is refused."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from attrs import define, field

__all__ = ["ClipQueue", "QueueClosedError", "QueueFullError"]

_LOOK = 0.1
"""Seconds between two looks at whether a client is still there."""


class QueueFullError(Exception):
    """No clip more may wait."""


class QueueClosedError(Exception):
    """The service ends."""


@define
class ClipQueue:
    """Places for clips, from the first byte on, and turns to be scored, in the order of asking.

    Attributes:
        workers: clips that are scored at once.
        waiting: clips that may be sent or wait beside them.
    """

    workers: int
    waiting: int
    _taken: int = field(default=0, init=False)
    _running: int = field(default=0, init=False)
    _closed: bool = field(default=False, init=False)
    _tickets: deque[object] = field(factory=deque, init=False)
    _changed: threading.Condition = field(factory=threading.Condition, init=False)

    @property
    def counts(self) -> dict[str, int]:
        """Clips that are being scored, and others that have a place."""
        with self._changed:
            return {"scoring": self._running, "waiting": self._taken - self._running}

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place while the block runs.

        Raises:
            QueueFullError: all are taken.
            QueueClosedError: the service ends.
        """
        with self._changed:
            if self._closed:
                raise QueueClosedError
            if self._taken >= self.workers + self.waiting:
                raise QueueFullError
            self._taken += 1
        try:
            yield
        finally:
            with self._changed:
                self._taken -= 1
                self._changed.notify_all()

    @contextmanager
    def turn(self, is_gone: Callable[[], bool]) -> Iterator[None]:
        """Wait for the turn, and hold it while the block runs. The caller holds a place.

        Args:
            is_gone: nobody waits for the answer any more.

        Raises:
            ConnectionAbortedError: `is_gone` before the turn.
            QueueClosedError: the service ends.
        """
        ticket = object()
        with self._changed:
            self._tickets.append(ticket)
            try:
                while True:
                    if self._closed:
                        raise QueueClosedError
                    if is_gone():
                        raise ConnectionAbortedError
                    if self._tickets[0] is ticket and self._running < self.workers:
                        break
                    self._changed.wait(_LOOK)
                self._running += 1
            finally:
                self._tickets.remove(ticket)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def close(self, seconds: float) -> bool:
        """Let nobody in any more; return True where no clip is being scored after these seconds."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: not self._running, seconds)
