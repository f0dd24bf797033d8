"""A fingerprint of a data folder, by which the cache knows whether the data are the same."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

from nasframe.errors import DataError
from nasframe.runtime import fingerprint
from nasframe_audiovisual.storage.folder_files import files_of

__all__ = ["describe_source"]

_BLOCK, _BLOCKS = 16 * 1024, 8
_MEDIA = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".wav", ".flac", ".m4a", ".mp3")
_AT_ONCE = 8


def describe_source(root: Path, expected: str = "clips") -> dict[str, Any]:
    """Return the number of files at `root` and a fingerprint of their paths, sizes and contents.

    It belongs among the inputs of the stage that reads the folder. Times do not count, since a copy is the
    same data. Of a large media file only eight blocks of 16 KiB are read.

    Args:
        root: the folder; links are followed.
        expected: the files that an empty folder lacks, for the error.

    Raises:
        DataError: `root` is missing, is not a folder, or has no file.
    """
    if not root.is_dir():
        raise DataError(f"data folder {root} {'is not a folder' if root.exists() else 'does not exist'}")
    names = list(files_of(root))
    if not names:
        raise DataError(f"data folder {root} is empty; expected {expected}")
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # a disk is faster with several requests at once
        contents = pool.map(lambda name: _content(root / name), names, chunksize=64)
    return {"files": len(names), "listing": fingerprint(list(zip(names, contents, strict=True)))}


def _content(path: Path) -> tuple[int, str]:
    """Return size and digest of a file; of one that cannot be read, −1 and the number of the error."""
    try:
        status = path.stat()
        return status.st_size, _digest(path, status.st_size, status.st_mtime_ns)
    except OSError as error:
        return -1, str(error.errno)


@lru_cache(maxsize=100_000)
def _digest(path: Path, size: int, changed: int) -> str:
    """Return a digest of the contents; computed anew only if size or time `changed` are others."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        if path.suffix.lower() not in _MEDIA or size <= _BLOCKS * _BLOCK:
            return hashlib.file_digest(file, "sha256").hexdigest()
        for number in range(_BLOCKS):
            file.seek(number * (size - _BLOCK) // (_BLOCKS - 1))
            digest.update(file.read(_BLOCK))
    return digest.hexdigest()
