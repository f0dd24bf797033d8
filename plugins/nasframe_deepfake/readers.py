"""Data sets by name, each with the function that lists its clips."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

from nasframe.errors import DataError
from nasframe.files import fingerprint
from nasframe_deepfake.fakeavceleb import read_fakeavceleb
from nasframe_deepfake.listing import Listing
from nasframe_deepfake.tree import files_of

__all__ = ["Dataset", "Desync", "describe_source", "read"]

Dataset = Literal["fakeavceleb"]
Desync = Literal["pairing", "FV-FA"]

_EDGE = 16 * 1024
_AT_ONCE = 8

_READERS = {"fakeavceleb": read_fakeavceleb}


def read(dataset: Dataset, root: Path, desync: Desync) -> Listing:
    """The clips at `root`, read as `dataset`; the reader's errors are its own."""
    return _READERS[dataset](root, desync)


def describe_source(root: Path) -> dict[str, Any]:
    """Number of files at `root` and a fingerprint of their paths, sizes, beginnings and ends.

    Not of their times: a copy is the same data, and a clip that was made again with the same size is not.

    Raises:
        DataError: `root` is missing, no folder, or holds no file.
    """
    if not root.is_dir():
        raise DataError(f"data folder {root} {'is not a folder' if root.exists() else 'does not exist'}")
    names = list(files_of(root))
    if not names:
        raise DataError(f"data folder {root} is empty; expected meta_data.csv and the clips it lists")
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # a disk answers many at once sooner than in turn
        contents = pool.map(lambda name: _edges(root / name), names, chunksize=64)
    return {"files": len(names), "listing": fingerprint(list(zip(names, contents, strict=True)))}


def _edges(path: Path) -> list[int | str]:
    """Size of a file and a digest of its first and last bytes, where an mp4 keeps the table of its frames."""
    try:
        with path.open("rb") as file:
            found = file.read(_EDGE)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(len(found), size - _EDGE))
            found += file.read(_EDGE)
    except OSError as error:
        return [-1, str(error.errno)]
    return [size, hashlib.sha256(found).hexdigest()]
