"""The ends of processes: with their parent, and in words."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys

__all__ = ["end_with_parent", "exit_description"]

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Let the kernel kill this process when its parent has ended, even while it is stopped; Linux only."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def exit_description(status: int | None) -> str:
    """Return a description of the end of a process, given its exit status."""
    if status is None:
        return "has ended"
    if status >= 0:
        return f"ended with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"was ended by {name}{' (is there enough memory?)' if name == 'SIGKILL' else ''}"
