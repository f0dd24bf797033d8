"""The first module that the fork server imports: with it, the server ends with the command.

Alone, the server would see only after its imports that the command has ended, and not as long as a stopped
worker holds the pipe between the two.
"""

from __future__ import annotations

import contextlib
import ctypes
import signal
import sys

__all__ = ["end_with_parent"]

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Let the kernel kill this process when its parent has ended, even while it is stopped; Linux only."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if "multiprocessing.forkserver" in sys.orig_argv[-1]:
    end_with_parent()
