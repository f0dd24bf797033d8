"""The mark of a folder whose clips nasframe synthesised."""

from __future__ import annotations

from pathlib import Path

__all__ = ["SYNTHETIC_MARK", "is_marked_synthetic"]

SYNTHETIC_MARK = "SYNTHETIC.txt"
"""Name of a file that says so in words."""


def is_marked_synthetic(root: Path) -> bool:
    """Return True where the clips of a folder were synthesised, or those of a set among several in it."""
    return (root / SYNTHETIC_MARK).is_file() or any(
        path.is_file() for path in root.glob(f"*/{SYNTHETIC_MARK}")
    )
