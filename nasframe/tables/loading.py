"""`load_table`: the table of a file, of a folder, or of a registered name."""

from __future__ import annotations

import os
from pathlib import Path

from nasframe.errors import PluginError, RunError
from nasframe.plugins import manager
from nasframe.runtime import default_cache, given_cache
from nasframe.tables.additions import with_additions
from nasframe.tables.document import TABLE_FILE, read_document
from nasframe.tables.older_folder import OLDER_FILES, read_older_folder
from nasframe.tables.table import TabularBenchmark
from nasframe.tasks import data_file_hint

__all__ = ["is_table", "load_table", "registered_table"]


def load_table(name_or_path: str | Path, *, cache: str | Path | None = None) -> TabularBenchmark:
    """Return a table.

    Args:
        name_or_path: a name that a plugin registers by the hook `register_tables`; or a file of format 2, or
            the folder in which it lies as `table.json.xz`, or a folder of format 1. A file or folder that is
            there goes before a name.
        cache: the folder of prepared data, in which lie the networks that were trained on demand for a table
            that is one file; None is `NASFRAME_CACHE`, else that of the user.

    Raises:
        PluginError: no plugin registers such a name; the near ones are named.
        RunError: there is no such file or folder, and the registered tables are named; or it is no table, has
            another format, or is damaged.
    """
    if name_or_path == "":
        raise RunError(f"expected a table, found an empty word; {_registered()}")
    path = Path(name_or_path)
    if not os.path.exists(path):  # noqa: PTH110 - pathlib raises an error for a name that is too long
        if _looks_like_path(str(name_or_path)):
            raise RunError(f"{path}: no such file or folder; {_registered()}")
        path = registered_table(str(name_or_path))
    elif path.is_file() and (hint := data_file_hint(path)):
        raise RunError(f"{path}: {hint}; expected a table; {_registered()}")
    return with_additions(_read(path), given_cache(cache) or default_cache())


def _read(path: Path) -> TabularBenchmark:
    if path.is_dir():
        return read_document(path / TABLE_FILE) if (path / TABLE_FILE).exists() else read_older_folder(path)
    return read_older_folder(path) if path.name in OLDER_FILES else read_document(path)


def registered_table(name: str) -> Path:
    """Return the file of a table that a plugin registers.

    Raises:
        PluginError: no plugin registers it, or what it registers is no path.
    """
    try:
        entry = manager().find("table", name)
    except PluginError as error:
        raise PluginError(f"{name}: is no table: there is no such file or folder, and {error}") from None
    target = entry.target
    if not isinstance(target, str | os.PathLike):
        raise PluginError(f"{entry}: expected the path of its file, found {target!r}")
    return Path(target)


def _registered() -> str:
    names = sorted({entry.name for entry in manager().registered("table")})
    return f"registered tables: {', '.join(names)}" if names else "no plugin registers a table"


def is_table(folder: Path) -> bool:
    """Return True where a folder holds a table of any format."""
    return any((folder / name).is_file() for name in (TABLE_FILE, *OLDER_FILES))


def _looks_like_path(text: str) -> bool:
    return os.sep in text or text.endswith((".xz", ".json", ".jsonl")) or text in (".", "..", "")
