"""The lock of a folder, looked at from outside: it is never taken, not for a moment."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["is_held"]


def is_held(lock: Path) -> bool | None:
    """Return True where a process that this one can see holds the lock; None where nobody can tell.

    Linux lists who holds which lock. To try the lock instead could keep out a command.
    """
    try:
        status = lock.stat()
        listed = Path("/proc/locks").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None if lock.exists() else False
    except OSError:
        return None
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    return any(device in line.split() for line in listed.splitlines())
