"""How many cores there are, and whether the processor has the instructions that the wheels of NumPy and
PyTorch were built for: where it lacks them their import ends the process with "Illegal instruction" and no
word from Python.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

from nasframe.errors import NasframeError

__all__ = ["cores", "missing_instructions", "require_processor"]

_NEEDED = ("avx",)
"""Found by emulation (torch 2.11, numpy 2.4): a Sandy Bridge computes, the generation before it stops."""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def missing_instructions(description: str) -> list[str]:
    """What a processor lacks, by a text in the form of `/proc/cpuinfo`; empty where it says nothing."""
    for line in description.splitlines():
        name, _, flags = line.partition(":")
        if name.strip() == "flags":
            return [needed for needed in _NEEDED if needed not in flags.split()]
    return []


def require_processor() -> None:
    """Refuse to begin on a processor on which nothing could be computed.

    Raises:
        NasframeError: names the instructions that are missing.
    """
    if platform.machine() not in ("x86_64", "AMD64"):
        return
    try:
        missing = missing_instructions(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:  # no Linux
        return
    if missing:
        raise NasframeError(
            f"this processor lacks the instructions {', '.join(missing)}, which the wheels of PyTorch and "
            "NumPy need; use another machine, or build both from source"
        )
