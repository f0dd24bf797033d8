"""The runs and studies below a folder: found anew at every look, and nothing else can be asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from attrs import frozen

from nasframe.report import TRIAL_FOLDERS

__all__ = ["FoundFolder", "find_folders", "is_below", "newest"]

_DEEP = 8
_RECORDS: tuple[tuple[str, Literal["run", "study"]], ...] = (("study.json", "study"), ("run.json", "run"))
_PASSED_OVER = frozenset({"cache", "checkpoints", "__pycache__"})


@frozen
class FoundFolder:
    """The folder of a run or a study.

    Attributes:
        path: of the folder.
        name: its path relative to the folder that is watched, with `/`; empty for that itself.
        kind: by the record that lies in it.
    """

    path: Path
    name: str
    kind: Literal["run", "study"]


def find_folders(root: Path) -> dict[str, FoundFolder]:
    """Return name → folder of every run and study; links are not followed.

    Raises:
        OSError: `root` is not there, or cannot be read.
    """
    return {folder.name: folder for folder in _look(root, "", _DEEP)}


def newest(folders: Mapping[str, FoundFolder], most: int) -> dict[str, FoundFolder]:
    """Return the folders into which a file came last, as each new state of a record does."""
    if len(folders) <= most:
        return dict(folders)
    return dict(sorted(folders.items(), key=lambda item: _changed(item[1]))[-most:])


def is_below(name: str, other: str) -> bool:
    """Return True where the folder of a name lies in that of another."""
    return name != other and (not other or name.startswith(f"{other}/"))


def _changed(folder: FoundFolder) -> float:
    try:
        return folder.path.stat().st_mtime
    except OSError:  # it has just gone
        return 0.0


def _look(path: Path, name: str, deep: int) -> Iterator[FoundFolder]:
    folders, files = [], set()
    with os.scandir(path) as items:
        for item in items:
            if item.is_dir(follow_symlinks=False):
                folders.append(item.name)
            elif item.is_file(follow_symlinks=False):
                files.add(item.name)
    kind = next((kind for record, kind in _RECORDS if record in files), None)
    if kind is not None:
        yield FoundFolder(path, name, kind)
    if kind == "run" or not deep:
        return
    for folder in sorted(folders):
        if (
            folder.startswith(".")
            or folder in _PASSED_OVER
            or (kind == "study" and folder not in TRIAL_FOLDERS)
        ):
            continue
        try:
            yield from _look(path / folder, f"{name}/{folder}".lstrip("/"), deep - 1)
        except OSError:  # it has just gone, or nobody may read it
            continue
