"""The check of a run folder that a command is given, and the names beside a wrong path."""

from __future__ import annotations

import os
from pathlib import Path

from nasframe.errors import RunError, near_names, nearest

__all__ = ["check_run", "file_in_words", "is_there", "near_path"]


def check_run(run: Path) -> None:
    """Refuse a path that is no folder.

    Raises:
        RunError: with the names beside it that may be meant.
    """
    if not run.is_dir():
        problem = file_in_words(run, "run folder") if run.exists() else f"no such run folder{near_path(run)}"
        raise RunError(f"{run}: {problem}")


def file_in_words(path: Path, expected: str) -> str:
    """Return what `nasframe.tasks` says of a file in place of a folder; torch is imported for that alone."""
    from nasframe import tasks

    return tasks.file_in_words(path, expected)


def near_path(path: Path, *, folders: bool = False) -> str:
    """Return the names beside a path that may be meant, ready to end an error message; "" for none.

    Of a link that leads to no file, this is said instead.

    Args:
        folders: only they may be meant.
    """
    if os.path.islink(path):  # noqa: PTH114 - pathlib raises an error for a name that is too long
        return "; it is a link to nothing"
    if not is_there(path.parent) or not path.parent.is_dir():
        return ""
    names = [item.name for item in path.parent.iterdir() if not folders or item.is_dir()]
    return nearest(path.name, names) if near_names(path.name, names) else ""


def is_there(path: Path) -> bool:
    """Return True where something is at a path; it may be a text that is too long for one."""
    try:
        return path.exists()
    except (OSError, ValueError):  # a text that is too long for a path, or that cannot be one
        return False
