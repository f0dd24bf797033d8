"""Ctrl-C that is not lost: the interpreter drops one that comes while it collects garbage."""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["interrupts_kept"]

_SECONDS = 0.05


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """While the block runs, give a `KeyboardInterrupt` again that was raised in a callback or destructor,
    out of which no exception comes."""
    usual = sys.unraisablehook
    waiting: list[threading.Timer] = []

    def hook(found: sys.UnraisableHookArgs) -> None:
        if issubclass(found.exc_type, KeyboardInterrupt):
            # not at once: it would be dropped here too
            again = threading.Timer(_SECONDS, _thread.interrupt_main)
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
