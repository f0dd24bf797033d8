"""The folder of a study where the user names none."""

from __future__ import annotations

from pathlib import Path

__all__ = ["default_folder"]


def default_folder(name: str, kind: str) -> Path:
    """Return `runs/NAME-KIND`; the kind is `compare`, `loops`, `sweep` or `table`."""
    return Path("runs") / f"{name}-{kind}"
