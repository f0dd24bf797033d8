"""Files in which the kernel of Linux tells of the machine. It imports nothing but the standard library, so
that `nasframe doctor` can read them where packages are missing."""

from __future__ import annotations

from pathlib import Path

__all__ = ["kernel_field"]


def kernel_field(file: Path, name: str) -> str:
    """Return the first value of a name in a file of the kernel; empty where there is none."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:  # no Linux
        return ""
    lines = (line.partition(":") for line in text.splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "")
