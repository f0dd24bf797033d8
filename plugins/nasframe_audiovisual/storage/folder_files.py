"""The files of a folder, links followed: large data sets are often linked from several disks."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from nasframe.errors import DataError

__all__ = ["files_of"]


_MOST_PATHS = 100
"""The most paths that may lead to one folder. Links that double with every level make 2 ** levels of them."""

_Folder = tuple[int, int]


def files_of(root: Path) -> Iterator[str]:
    """Yield the paths of all files below `root`, relative to it, with forward slashes, in a fixed order.

    A link to a folder is followed, unless that folder contains the link. A folder that cannot be listed
    counts as empty. Pipes, sockets and devices are no files: whoever opens one may wait for ever.

    Raises:
        DataError: links lead to one folder by more than 100 paths.
    """
    yield from _below(root, "", frozenset(), Counter())


def _below(folder: Path, prefix: str, above: frozenset[_Folder], seen: Counter[_Folder]) -> Iterator[str]:
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        return
    seen[identity] += 1
    if seen[identity] > _MOST_PATHS:
        raise DataError(
            f"{folder}: links lead to this folder by more than {_MOST_PATHS} paths; expected a data folder "
            "in which every clip has one path, or a few"
        )
    for entry in entries:
        if _is_folder(entry):
            yield from _below(folder / entry.name, f"{prefix}{entry.name}/", above | {identity}, seen)
        elif not _is_special(entry):
            yield prefix + entry.name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_special(entry: os.DirEntry[str]) -> bool:
    """Return True for what is there and is no file; a link to nothing is a file that cannot be read."""
    try:
        return not stat.S_ISREG(entry.stat().st_mode)
    except OSError:
        return False
