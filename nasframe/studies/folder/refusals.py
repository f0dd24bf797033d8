"""Folders that cannot hold a study, and the reasons: they hold another, or files of others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from nasframe.errors import RunError, in_lines
from nasframe.runs import REPLACE_IT, Run, differing_keys, partials, refuse_links_outside
from nasframe.runtime import advised, format_names, ways_out
from nasframe.studies.folder.layout import LOCK, LOCKS, OLD_TRIALS, RECORD, TRIALS, written_names
from nasframe.studies.folder.record import is_unbegun, read_study

__all__ = ["check_folder"]

_OLD_KINDS = {"census": "table"}


def check_folder(
    path: Path, kind: str, plan: Mapping[str, Any], overwrite: bool, files: Collection[str]
) -> None:
    """Refuse a folder in which a study cannot be made, continued or replaced.

    Raises:
        RunError: see `open_study`.
    """
    if path.is_symlink() and not path.exists():
        raise RunError(advised(f"{path}: is a link to nothing", "choose another --out"))
    if not path.exists():
        return
    if not path.is_dir():
        raise RunError(advised(f"{path}: is a file and is no study folder", "choose another --out"))
    if (path / LOCK).is_symlink():  # what is locked is emptied
        raise RunError(f"{path / LOCK}: is a link, and no study makes one; remove it")
    for place in (path, path / TRIALS, path / OLD_TRIALS):
        if place.is_dir():
            refuse_links_outside(place, deep=False)
    if not (path / RECORD).exists():
        others = sorted(item.name for item in path.iterdir() if item.name not in LOCKS)
        others = [name for name in others if not (name.startswith(".") and name.endswith(".partial"))]
        if others:
            problem = f"{path}: is there already and is no study folder (it holds {format_names(others)})"
            raise RunError(advised(problem, "choose another --out"))
        return
    there = read_study(path)
    found = _OLD_KINDS.get(there["kind"], there["kind"])
    if found != kind:
        raise RunError(advised(f"{path}: holds a {found}, not a {kind}", "choose another --out"))
    if (path / TRIALS).exists() and (path / OLD_TRIALS).exists():
        problem = (
            f"{path}: holds {TRIALS}/ and, as studies of older versions do, {OLD_TRIALS}/, so it is not "
            "known which trials belong to the study"
        )
        raise RunError(advised(problem, "move one of the two away", "choose another --out"))
    if overwrite:
        _refuse_strange(path, kind, files)
        return
    if is_unbegun(there):
        return
    different = differing_keys(there["plan"], plan)
    if different:
        title = f"{path}: holds a {kind} of another experiment:"
        raise RunError(in_lines(title, *different, ways_out(*REPLACE_IT)))


def _refuse_strange(path: Path, kind: str, files: Collection[str]) -> None:
    """Refuse to replace a study whose folder holds files that no study writes."""
    ours = {*written_names(kind, files), *(item.name for item in partials(path))}
    found = [item for item in path.iterdir() if item.name not in ours]
    places = [path / name for name in (TRIALS, OLD_TRIALS)]
    places = [place for place in places if place.is_dir() and not place.is_symlink()]
    found = [item for item in found if item not in places]
    found += [item for place in places for item in place.iterdir() if not item.is_dir() or item.is_symlink()]
    if found:
        names = format_names(sorted(item.relative_to(path).as_posix() for item in found))
        problem = f"{path}: holds {names}, which no study writes; nothing was removed"
        raise RunError(advised(problem, "move it away", "choose another --out"))
    for record in (file for place in places for file in place.glob("*/run.json")):
        Run.check_replaceable(record.parent)
