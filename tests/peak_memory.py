"""The memory that a piece of work takes at its peak, by the system's own count."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable
from pathlib import Path

__all__ = ["peak_added"]

STATUS = Path("/proc/self/status")


def peak_added(work: Callable[[], object]) -> int:
    """The bytes that this process held more at its peak during some work than before.

    Where the system cannot forget an earlier peak, only what goes beyond that is seen.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _peak()
    work()
    return _peak() - before


def _peak() -> int:
    if not STATUS.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    (line,) = (line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
