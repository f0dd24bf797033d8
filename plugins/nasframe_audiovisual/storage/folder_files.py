"""The files of a folder, links followed: large data sets are often linked from several disks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["files_of"]


def files_of(root: Path) -> Iterator[str]:
    """Yield the paths of all files below `root`, relative to it, with forward slashes, in a fixed order.

    A link to a folder is followed, unless that folder contains the link. A folder that cannot be listed
    counts as empty.
    """
    yield from _below(root, "", frozenset())


def _below(folder: Path, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[str]:
    try:
        status = folder.stat()
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        return
    for entry in entries:
        if _is_folder(entry):
            yield from _below(folder / entry.name, f"{prefix}{entry.name}/", above | {identity})
        else:
            yield prefix + entry.name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
