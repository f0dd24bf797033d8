"""Fingerprints of files: whether a data folder is the same as before, and which files in it are the same."""

from __future__ import annotations

import functools
import hashlib
import os
import stat
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from nasframe.errors import DataError
from nasframe.runtime import fingerprint
from nasframe_audiovisual.storage.folder_files import files_of

__all__ = ["describe_source", "file_digest", "same_contents"]

_AT_ONCE, _GROUP = 8, 16

_SETTLED = 3.0
"""Seconds after its last change from which on the times of a file tell the next change; clocks are coarse."""


def describe_source(root: Path, expected: str = "clips") -> dict[str, Any]:
    """Return the number of files at `root`, their bytes, and a fingerprint of their paths and contents.

    It belongs among the inputs of the stage that reads the folder. Every byte counts. Times do not, since a
    copy is the same data. The whole folder is read, about as fast as its disk allows; see
    `benchmarks/fingerprints.py`.

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
    contents = _contents(root, names)
    return {
        "files": len(names),
        "bytes": sum(max(size, 0) for size, _ in contents),
        "listing": fingerprint(list(zip(names, contents, strict=True))),
    }


def same_contents(root: Path, names: Sequence[str]) -> dict[str, str]:
    """Return for each file the first one, in the order of the names, that holds the same bytes.

    Most files are their own: only those of one size are read, and of these none that this process has read
    for `describe_source`. A file that is empty or cannot be read is like no other.

    Args:
        root: the folder.
        names: paths of files, relative to `root`.
    """
    sizes = {name: _size(root / name) for name in names}
    files_of_size = Counter(sizes.values())
    alike = sorted(name for name, size in sizes.items() if size > 0 and files_of_size[size] > 1)
    digests = dict(zip(alike, _contents(root, alike), strict=True))
    first: dict[tuple[int, str], str] = {}
    return {
        name: first.setdefault(digests[name], name) if name in digests and digests[name][0] > 0 else name
        for name in sorted(sizes)
    }


def _size(path: Path) -> int:
    """Return the bytes of a file, −1 for what is none or cannot be read."""
    try:
        status = path.stat()
    except OSError:
        return -1
    return status.st_size if stat.S_ISREG(status.st_mode) else -1


def _contents(root: Path, names: Sequence[str]) -> list[tuple[int, str]]:
    """Return size and digest of each file."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # hashing and reading leave the interpreter free
        # a thread takes several files at a time: for small ones, handing over would cost more than reading
        groups = [names[start : start + _GROUP] for start in range(0, len(names), _GROUP)]
        parts = pool.map(lambda group: [_content(root / name) for name in group], groups)
        return [content for part in parts for content in part]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of all bytes of a file, as 64 hexadecimal digits.

    A file that this process has read is read again only if its size, its times or its place have changed.

    Raises:
        OSError: it cannot be read.
    """
    return _digest_of(path, path.stat())


def _content(path: Path) -> tuple[int, str]:
    """Return size and digest of a file; of one that cannot be read, −1 and the number of the error."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would wait for its writer, a device may never end
            return -1, "no regular file"
        return status.st_size, _digest_of(path, status)
    except OSError as error:
        return -1, str(error.errno)


def _digest_of(path: Path, status: os.stat_result) -> str:
    if time.time() - max(status.st_mtime, status.st_ctime) < _SETTLED:
        return _read(path)
    place = (status.st_dev, status.st_ino)
    return _remembered(path, place, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@functools.lru_cache(maxsize=200_000)
def _remembered(path: Path, place: tuple[int, int], size: int, changed: int, touched: int) -> str:
    return _read(path)


def _read(path: Path) -> str:
    # SHA-256 has instructions of its own on today's processors: it is the fastest of the standard library.
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
