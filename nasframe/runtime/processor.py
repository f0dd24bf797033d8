"""The processor: its cores, and the instructions that the wheels of NumPy and PyTorch were built for.

On a processor that lacks them their import ends the process with "Illegal instruction", without a word
from Python.
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
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def missing_instructions(description: str) -> list[str]:
    """Return the instructions that a processor lacks, from a text in the form of `/proc/cpuinfo`.

    Empty where the text names no instructions.
    """
    for line in description.splitlines():
        name, _, flags = line.partition(":")
        if name.strip() == "flags":
            return [needed for needed in _NEEDED if needed not in flags.split()]
    return []


def require_processor() -> None:
    """Refuse a processor on which NumPy and PyTorch cannot be imported.

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
