"""The paths of a table of clips as they are in the tree: tables move, and spreadsheets change slashes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Set
from pathlib import PurePosixPath

__all__ = ["leaves_root", "paths_in_tree"]


def paths_in_tree(paths: Set[str], present: Set[str], root: str = "") -> dict[str, str]:
    """Return for each path of a table the path in the tree that it means.

    They are the same as a rule. Where not one of them is there, the table may lie one folder up, name folders
    above the tree, have back-slashes, or endings in another case. One change is made to all paths, the first
    that finds a file; without one they stay as they are.

    Args:
        paths: of the table.
        present: the files of the tree, relative to its root, with forward slashes.
        root: name that the folder of the clips has where the table lies one folder up; it may be empty.
    """
    same = {path: path for path in paths}
    for moved in _changed(same, root):
        if not present.isdisjoint(moved.values()):
            return moved
    of_tree = {_lower_ending(path): path for path in sorted(present)}
    for moved in _changed(same, root):
        found = {path: of_tree.get(_lower_ending(place), place) for path, place in moved.items()}
        if not present.isdisjoint(found.values()):
            return found
    return same


def _changed(paths: Mapping[str, str], root: str) -> Iterator[dict[str, str]]:
    """Yield the paths in other folders, with slashes as they are and with forward ones."""
    for change in (dict[str, str], _with_slashes):
        yield from _moved(change(paths), root)


def _lower_ending(path: str) -> str:
    stem, dot, ending = path.rpartition(".")
    return f"{stem}{dot}{ending.lower()}"


def _moved(paths: Mapping[str, str], root: str) -> Iterator[dict[str, str]]:
    """Yield the paths as they are, below `root`, and without the first folders that all of them have."""
    yield dict(paths)
    if root:
        yield {path: f"{root}/{place}" for path, place in paths.items()}
    for count in range(1, _shared_folders(paths.values()) + 1):
        yield {path: "/".join(place.split("/")[count:]) for path, place in paths.items()}


def _with_slashes(paths: Mapping[str, str]) -> dict[str, str]:
    return {path: place.replace("\\", "/") for path, place in paths.items()}


def _shared_folders(places: Collection[str]) -> int:
    """Return the number of folders with which all begin."""
    if not places:
        return 0
    first, last = (place.split("/")[:-1] for place in (min(places), max(places)))
    return next(
        (number for number, (one, other) in enumerate(zip(first, last, strict=False)) if one != other),
        min(len(first), len(last)),
    )


def leaves_root(path: str) -> bool:
    """Return True for a path of a table that cannot be one below its root, by its words alone."""
    return PurePosixPath(path).is_absolute() or ".." in path.replace("\\", "/").split("/") or "\0" in path
