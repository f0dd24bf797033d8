"""Data sets by name, each with the function that lists its clips."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from nasframe.errors import DataError
from nasframe.files import fingerprint
from nasframe_deepfake.fakeavceleb import read_fakeavceleb
from nasframe_deepfake.listing import Listing

__all__ = ["Dataset", "Desync", "describe_source", "read"]

Dataset = Literal["fakeavceleb"]
Desync = Literal["pairing", "FV-FA"]

_READERS = {"fakeavceleb": read_fakeavceleb}


def read(dataset: Dataset, root: Path, desync: Desync) -> Listing:
    """The clips at `root`, read as `dataset`; the reader's errors are its own."""
    return _READERS[dataset](root, desync)


def describe_source(root: Path) -> dict[str, Any]:
    """Number of files at `root` and a fingerprint of their paths, sizes and times of change.

    Raises:
        DataError: `root` is missing, no folder, or holds no file.
    """
    if not root.is_dir():
        raise DataError(f"data folder {root} {'is not a folder' if root.exists() else 'does not exist'}")
    found = []
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            status = path.stat(follow_symlinks=path.exists())
            found.append([path.relative_to(root).as_posix(), status.st_size, status.st_mtime_ns])
    if not found:
        raise DataError(f"data folder {root} is empty; expected meta_data.csv and the clips it lists")
    return {"files": len(found), "listing": fingerprint(found)}
