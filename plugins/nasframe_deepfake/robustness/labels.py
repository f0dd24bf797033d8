"""The name of a degradation as a user types it, with what it means."""

from __future__ import annotations

__all__ = ["labelled"]


def labelled(name: str, title: str) -> str:
    """Return the name of a degradation, and its title where that says more.

    Example:
        >>> labelled("resize", "fewer pixels"), labelled("h264", "H.264")
        ('resize (fewer pixels)', 'h264')
    """
    spelled = title.casefold().replace(" ", "-").replace(".", "")
    return name if spelled == name else f"{name} ({title})"
