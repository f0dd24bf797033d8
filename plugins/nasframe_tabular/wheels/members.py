"""Files of a zip archive by name, in memory, each no larger than its reader says."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from nasframe.errors import DataError, in_words

__all__ = ["read_members"]


def read_members(content: bytes, names: Sequence[str], limit: int, source: str) -> dict[str, bytes]:
    """Return the content of some files of an archive, by name; the archive is never unpacked.

    Args:
        content: of the archive.
        names: of the files.
        limit: the most bytes that each may have.
        source: the name of the archive, for an error.

    Raises:
        DataError: it is no zip archive, a file is not in it, in it twice, larger, encrypted or damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {name: _read(archive, name, limit, source) for name in names}
    except DataError:
        raise
    except Exception as error:  # each compression has classes of its own for damaged content
        raise DataError(f"{source}: cannot be read as a zip archive: {in_words(error)}") from error


def _read(archive: zipfile.ZipFile, name: str, limit: int, source: str) -> bytes:
    found = [item for item in archive.infolist() if item.filename == name]
    if len(found) != 1:
        raise DataError(f"{source}: expected one file {name}, found {len(found) or 'none'}")
    with archive.open(found[0]) as file:
        data = file.read(limit + 1)  # the size that the archive states may be false
    if len(data) > limit:
        raise DataError(f"{source}: {name}: is larger than {limit:,} bytes")
    return data
