"""Signs of life of long work: who waits for it hears them, and need not be handed down to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["hearing_signs_of_life", "sign_of_life"]

_listener: ContextVar[Callable[[], None] | None] = ContextVar("listener", default=None)


def sign_of_life() -> None:
    """Say that the work of this thread goes on; where nobody listens, nothing happens. It is cheap."""
    if (listener := _listener.get()) is not None:
        listener()


@contextmanager
def hearing_signs_of_life(listener: Callable[[], None]) -> Iterator[None]:
    """Call `listener` for every sign of life that this thread gives in the block, and who listens outside it.

    Example:
        >>> heard = []
        >>> with hearing_signs_of_life(lambda: heard.append("here")):
        ...     sign_of_life()
        >>> sign_of_life()
        >>> heard
        ['here']
    """
    outer = _listener.get()

    def both() -> None:
        listener()
        if outer is not None:
            outer()

    token = _listener.set(both)
    try:
        yield
    finally:
        _listener.reset(token)
