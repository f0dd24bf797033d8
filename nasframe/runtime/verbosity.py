"""The verbosity of a command: the things that it says while it works, and the file that has all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from attrs import frozen

from nasframe.runtime.message_log import MessageLog

__all__ = ["Verbosity", "current_verbosity", "speaking"]


@frozen
class Verbosity:
    """The things that are said on standard error, beside warnings and errors.

    Attributes:
        level: `quiet` for nothing, `normal` for the stages and the progress, `verbose` for every epoch too.
        log: takes all that `verbose` says, and warnings and errors; None where there is none.
    """

    level: Literal["quiet", "normal", "verbose"] = "normal"
    log: MessageLog | None = None


_NORMAL = Verbosity()
_current: ContextVar[Verbosity | None] = ContextVar("verbosity", default=None)


def current_verbosity() -> Verbosity:
    """Return the verbosity of the command; outside of one, the normal one."""
    return _current.get() or _NORMAL


@contextmanager
def speaking(verbosity: Verbosity) -> Iterator[None]:
    """Let a verbosity hold in the block; its log is closed at the end."""
    token = _current.set(verbosity)
    try:
        yield
    finally:
        _current.reset(token)
        if verbosity.log is not None:
            verbosity.log.close()
