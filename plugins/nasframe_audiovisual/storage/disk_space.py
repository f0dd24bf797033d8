"""A check of the free disk space, before the first byte is written."""

from __future__ import annotations

import shutil
from pathlib import Path

from nasframe.errors import DataError

__all__ = ["DISK_BLOCK", "require_space", "size_on_disk"]

DISK_BLOCK = 4096
"""Bytes of a block, the unit in which file systems use a disk."""


def size_on_disk(size: int) -> int:
    """Return the bytes that a file of `size` bytes takes: whole blocks."""
    return -(-size // DISK_BLOCK) * DISK_BLOCK


def require_space(out: Path, needed: int, what: str) -> None:
    """Raise an error unless there is space for what is to be written.

    Args:
        out: the folder to be written into; it need not exist.
        needed: bytes, an upper estimate.
        what: name of what is to be written, in the plural, for the message.

    Raises:
        DataError: fewer bytes are free where `out` lies.
    """
    # The message names a parent that is there and that the user knows: hidden ones are temporary.
    place = out.absolute().parent
    while not place.exists() or place.name.startswith("."):
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise DataError(
            f"too little disk space in {place}: {what} need up to {needed} bytes ({needed / 1e9:.2f} GB), "
            f"{free} bytes ({free / 1e9:.2f} GB) are free"
        )
