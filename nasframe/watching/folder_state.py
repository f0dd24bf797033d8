"""The state of a run or a study: the files that changed, and who works in it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasframe.report import link_to
from nasframe.runs import OTHER_TESTS, failure_of, is_begun, unfinished_commands
from nasframe.tables import OLDER_FILES, TABLE_FILE
from nasframe.watching.found_folders import FoundFolder
from nasframe.watching.lock_state import is_held
from nasframe.watching.trial_files import files_in, network_files, search_files

__all__ = [
    "RESULTS",
    "Stamp",
    "address_of",
    "ago",
    "begun_at",
    "changed_at",
    "has_results",
    "stamp_of",
    "state_of",
]

Stamp = tuple[tuple[str, int, int], ...]
"""Name, time and size of each file by which a change is seen."""

_RECENTLY = 60.0
"""A folder that changed within so many seconds is worked in, where nobody can tell who holds its lock."""

RESULTS: Mapping[str, tuple[str, ...]] = {
    "comparison": ("comparison.json",),
    "sweep": ("sweep.json",),
    "table": (TABLE_FILE, *OLDER_FILES),
    "census": tuple(OLDER_FILES),
}
"""Kind of a study → the files, of which one holds its results."""


def stamp_of(folder: FoundFolder) -> Stamp:
    """Return the stamp of a folder; of one that has gone, an empty one.

    Of a study it has the files of trials that are no runs: each of the searches on a table, and of the
    networks of a table the number, the first change and the last.
    """
    found = [
        (name, status.st_mtime_ns, status.st_size)
        for place in (folder.path, folder.path / OTHER_TESTS)
        for name, status in files_in(place).items()
        if not name.endswith((".partial", ".lock"))
    ]
    if folder.kind == "study":
        for name, file in search_files(folder.path).items():
            found += [(name, status.st_mtime_ns, status.st_size) for status in files_in(file.parent).values()]
        times = [status.st_mtime_ns for status in network_files(folder.path).values()]
        if times:
            found += [("the first network", min(times), 0), ("the last network", max(times), len(times))]
    return tuple(sorted(found))


def address_of(folder: FoundFolder) -> str:
    """Return the address of the page of a folder, from the root of the server."""
    return f"/{link_to(folder.name).lstrip('/')}"


def has_results(study: Path) -> bool:
    """Return True where a study has a record that its report is made of."""
    return any((study / name).is_file() for names in RESULTS.values() for name in names)


def changed_at(stamp: Stamp) -> float:
    """Return the time of the last change, in seconds since 1970."""
    return max((when for _, when, _ in stamp), default=0) / 1e9


def begun_at(stamp: Stamp) -> float:
    """Return the time of the first change that is still to be seen, in seconds since 1970."""
    return min((when for _, when, _ in stamp), default=0) / 1e9


def ago(seconds: float) -> str:
    """Return how long ago something was.

    Example:
        >>> ago(20), ago(200), ago(9000), ago(260000)
        ('just now', '3 min ago', '2 h ago', '3 days ago')
    """
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min ago"
    return f"{seconds // 3600:.0f} h ago" if seconds < 2 * 86400 else f"{seconds // 86400:.0f} days ago"


def state_of(folder: FoundFolder, record: Mapping[str, Any], changed: float) -> str:
    """Return `running`, `interrupted`, `failed` or `done`.

    It runs while a process of this machine holds its lock. Where the lock is there and nobody seems to hold
    it, its last change tells: another machine may work in it, or a kill has left it.
    """
    lock = folder.path / ("run.lock" if folder.kind == "run" else "study.lock")
    if is_held(lock):
        return "running"
    if not (unfinished_commands(record) or (folder.kind == "run" and is_begun(dict(record)))):
        return "done"
    if failure_of(record):
        return "failed"
    return "running" if lock.exists() and time.time() - changed < _RECENTLY else "interrupted"
