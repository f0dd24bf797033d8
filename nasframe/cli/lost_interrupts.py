"""A Ctrl-C that the interpreter would lose, because it comes during garbage collection, comes again."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from nasframe.signals import answer_interrupt, interrupt_main_thread

__all__ = ["repeat_lost_interrupts"]

_SECONDS = 0.05


@contextmanager
def repeat_lost_interrupts() -> Iterator[None]:
    """Repeat, while the block runs, a `KeyboardInterrupt` that was raised in a callback or a destructor.

    No exception leaves these, so the interpreter drops it.
    """
    usual = sys.unraisablehook
    waiting: list[threading.Timer] = []

    def hook(found: sys.UnraisableHookArgs) -> None:
        if issubclass(found.exc_type, KeyboardInterrupt):
            answer_interrupt(found.exc_value)
            # later: at once, it would be dropped again
            number = getattr(found.exc_value, "number", signal.SIGINT)
            again = threading.Timer(_SECONDS, interrupt_main_thread, [number])
            again.daemon = True
            again.start()
            waiting.append(again)
        else:
            usual(found)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = usual
        for timer in waiting:
            timer.cancel()
