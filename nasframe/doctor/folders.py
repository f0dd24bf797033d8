"""The folders that nasframe writes: the cache of prepared data, the working folder, the temporary one."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from nasframe.doctor.findings import Findings
from nasframe.doctor.sizes import size

__all__ = ["inspect_folders"]

_PATIENCE = 0.3
"""Seconds in which the files of the cache are counted."""

_LITTLE_SPACE = 1 << 29


def inspect_folders(findings: Findings, cache: Path | None) -> None:
    """Add each folder: where it is, the space that is left, and whether files can be written and locked.

    Args:
        findings: get what is found.
        cache: folder of prepared data; None where the user has no home folder for one.
    """
    if cache is None:
        findings.add("folders", "cache", "none")
        findings.problem("there is no home folder to keep prepared data in", "set NASFRAME_CACHE to a folder")
    else:
        _inspect(findings, "cache", cache, f"{cache.absolute()}, {_content(cache)}")
    _inspect(findings, "working folder", Path(), str(Path.cwd()))
    try:
        temporary = Path(tempfile.gettempdir())
    except OSError as error:
        findings.add("folders", "temporary folder", "none")
        findings.problem(f"no temporary folder can be written: {error}", "set TMPDIR to a folder that can")
        return
    _inspect(findings, "temporary folder", temporary, str(temporary))


def _inspect(findings: Findings, name: str, folder: Path, words: str) -> None:
    place = next((path for path in (folder, *folder.absolute().parents) if path.exists()), Path("/"))
    free = shutil.disk_usage(place).free
    findings.add("folders", name, f"{words}; {size(free)} free")
    if not place.is_dir():
        findings.problem(f"the {name} {place} is a file; expected a folder", "remove it, or name another one")
        return
    if free < _LITTLE_SPACE:
        findings.problem(f"{size(free)} are free in the {name}, {place}", "remove what is no longer needed")
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            unlocked = _lock_error(file.fileno())
    except OSError as error:
        why = error.strerror or str(error)
        findings.problem(
            f"the {name} {place} cannot be written: {why}", "change its mode, or name another one"
        )
        return
    if unlocked and name != "temporary folder":
        findings.problem(
            f"the file system of the {name} {place} has no locks: {unlocked}",
            "keep runs elsewhere, or never give two commands one run folder at the same time",
        )


def _lock_error(descriptor: int) -> str:
    try:
        import fcntl
    except ImportError:  # Windows
        return ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _content(folder: Path) -> str:
    """Return the number and the size of the files in a folder, as far as they are counted in time."""
    if not folder.is_dir():
        return "not there yet"
    files = count = 0
    deadline = time.monotonic() + _PATIENCE
    for place, _, names in os.walk(folder):  # does not follow links
        for name in names:
            if time.monotonic() > deadline:
                return f"more than {files} files of {size(count)}"
            try:
                count += (Path(place) / name).lstat().st_size
            except OSError:  # removed meanwhile, or not ours to see
                continue
            files += 1
    return f"{files} files of {size(count)}"
