"""Sizes in bytes, in words."""

from __future__ import annotations

__all__ = ["size"]


def size(count: int) -> str:
    """Return a number of bytes in MiB or GiB.

    >>> size(3 << 30), size(5 << 20)
    ('3.0 GiB', '5 MiB')
    """
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
