"""The first module that the fork server imports: with it, the server ends with the command.

Alone, the server would see only after its imports that the command has ended, and not as long as a stopped
worker holds the pipe between the two.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import sys

__all__ = ["COMMAND", "end_with_parent"]

COMMAND = "NASFRAME_COMMAND"
"""Environment variable of the fork server: the number of the process that started it."""

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int) -> None:
    """Let the kernel kill this process when its parent has ended, even while it is stopped; Linux only.

    Args:
        parent: number of its process; where it has ended already, this process ends at once.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)


if "multiprocessing.forkserver" in sys.orig_argv[-1] and COMMAND in os.environ:
    end_with_parent(int(os.environ[COMMAND]))
    gc.disable()  # until a worker is forked: what the server imports, stays
