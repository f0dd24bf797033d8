"""Numbers with the noun that they count."""

from __future__ import annotations

__all__ = ["counted"]


def counted(count: int, one: str, several: str = "") -> str:
    """Return a number with its noun, for messages and pages.

    Args:
        count: the number.
        one: the noun where it is 1.
        several: the noun where it is not; empty: `one` with an s.

    Example:
        >>> counted(1, "epoch"), counted(1200, "epoch"), counted(0, "person", "people")
        ('1 epoch', '1,200 epochs', '0 people')
    """
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"
