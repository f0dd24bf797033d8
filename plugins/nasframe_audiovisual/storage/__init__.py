"""Files and folders: arrays in rows, an index of clips, free disk space, the fingerprint of a folder."""

from __future__ import annotations

from nasframe_audiovisual.storage.array_files import (
    RowWriter,
    first_not_finite,
    open_rows,
    require_finite,
    row_not_finite,
)
from nasframe_audiovisual.storage.clip_index import read_index, write_index
from nasframe_audiovisual.storage.disk_space import DISK_BLOCK, require_space, size_on_disk
from nasframe_audiovisual.storage.folder_files import files_of
from nasframe_audiovisual.storage.source_fingerprint import describe_source, file_digest, same_contents

__all__ = [
    "DISK_BLOCK",
    "RowWriter",
    "describe_source",
    "file_digest",
    "files_of",
    "first_not_finite",
    "open_rows",
    "read_index",
    "require_finite",
    "require_space",
    "row_not_finite",
    "same_contents",
    "size_on_disk",
    "write_index",
]
