"""A fingerprint of a data folder, by which the cache knows whether the data are the same."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

from nasframe.errors import DataError
from nasframe.runtime import fingerprint
from nasframe_deepfake.folder_files import files_of

__all__ = ["describe_source"]

_BLOCK, _BLOCKS = 16 * 1024, 8
_MEDIA = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".wav", ".flac", ".m4a", ".mp3")
_AT_ONCE = 8


def describe_source(root: Path) -> dict[str, Any]:
    """Number of files at `root` and a fingerprint of their paths, sizes and contents.

    Not of their times: a copy is the same data. Tables are read whole, of a large clip eight blocks.

    Raises:
        DataError: `root` is missing, no folder, or holds no file.
    """
    if not root.is_dir():
        raise DataError(f"data folder {root} {'is not a folder' if root.exists() else 'does not exist'}")
    names = list(files_of(root))
    if not names:
        raise DataError(f"data folder {root} is empty; expected meta_data.csv and the clips it lists")
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # a disk answers many at once sooner than in turn
        contents = pool.map(lambda name: _content(root / name), names, chunksize=64)
    return {"files": len(names), "listing": fingerprint(list(zip(names, contents, strict=True)))}


def _content(path: Path) -> tuple[int, str]:
    """Size of a file and a digest of what is in it; of one that cannot be read, its error."""
    try:
        status = path.stat()
        return status.st_size, _digest(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        return -1, str(error.errno)


@lru_cache(maxsize=100_000)
def _digest(path: Path, size: int, changed: int) -> str:
    """Read once a process for every state of a file; `changed` tells states apart."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        if path.suffix.lower() not in _MEDIA or size <= _BLOCKS * _BLOCK:
            return hashlib.file_digest(file, "sha256").hexdigest()
        for number in range(_BLOCKS):
            file.seek(number * (size - _BLOCK) // (_BLOCKS - 1))
            found.update(file.read(_BLOCK))
    return found.hexdigest()
