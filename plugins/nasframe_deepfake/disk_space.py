"""Whether what is to be written fits on the disk, asked before the first byte is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from nasframe.errors import DataError

__all__ = ["DISK_BLOCK", "require_space", "size_on_disk"]

DISK_BLOCK = 4096
"""Bytes that file systems give out at a time."""


def size_on_disk(size: int) -> int:
    """Bytes that a file of `size` bytes takes: whole blocks."""
    return -(-size // DISK_BLOCK) * DISK_BLOCK


def require_space(out: Path, needed: int, what: str) -> None:
    """Refuse to begin what cannot be finished.

    Args:
        out: the folder to be written into; it need not exist.
        needed: bytes, an estimate from above.
        what: is to be written, for the message.

    Raises:
        DataError: fewer bytes are free where `out` lies.
    """
    # An ancestor that is there, and not `out`: it may be a temporary folder, whose name says nothing.
    place = out.absolute().parent
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise DataError(
            f"too little disk space in {place}: {what} need up to {needed} bytes ({needed / 1e9:.2f} GB), "
            f"{free} bytes ({free / 1e9:.2f} GB) are free"
        )
