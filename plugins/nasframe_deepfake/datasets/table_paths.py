"""The paths of a table of clips as they are in the tree: tables move, and spreadsheets change slashes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Set

__all__ = ["paths_in_tree"]


def paths_in_tree(paths: Set[str], present: Set[str], root: str) -> dict[str, str]:
    """Return for each path of a table the path in the tree that it means.

    They are the same as a rule. Where not one of them is there, the table may lie one folder up, name folders
    above the tree, or have back-slashes. One change is made to all paths, the first that finds a file;
    without one they stay as they are.

    Args:
        paths: of the table.
        present: the files of the tree, relative to its root, with forward slashes.
        root: name that the folder of the clips has where the table lies one folder up.
    """
    for change in (dict[str, str], _with_slashes):
        changed = change({path: path for path in paths})
        for moved in _moved(changed, root):
            if not present.isdisjoint(moved.values()):
                return moved
    return {path: path for path in paths}


def _moved(paths: Mapping[str, str], root: str) -> Iterator[dict[str, str]]:
    """Yield the paths as they are, below `root`, and without the first folders that all of them have."""
    yield dict(paths)
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
