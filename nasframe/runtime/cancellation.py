"""Long work is told that nobody waits for its result any more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError

__all__ = ["Cancellation"]


class Cancellation:
    """Tells work that nobody waits for its result any more. Work that takes long asks now and then.

    No thread can be ended from outside, so it has to end by itself.

    Example:
        >>> outer = Cancellation()
        >>> inner = Cancellation(lambda: outer.is_cancelled)
        >>> inner.check()
        >>> outer.cancel()
        >>> inner.is_cancelled
        True

    Args:
        is_cancelled: returns True where somebody else says so. The work calls it often, in its threads.
    """

    def __init__(self, is_cancelled: Callable[[], bool] | None = None) -> None:
        self._cancelled = threading.Event()
        self._is_cancelled = is_cancelled

    @property
    def is_cancelled(self) -> bool:
        """True from the moment on at which nobody waits any more."""
        if not self._cancelled.is_set() and self._is_cancelled is not None and self._is_cancelled():
            self._cancelled.set()
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Tell the work to end."""
        self._cancelled.set()

    def check(self) -> None:
        """Do nothing while somebody waits.

        Raises:
            concurrent.futures.CancelledError: nobody does any more.
        """
        if self.is_cancelled:
            raise CancelledError
