"""The folders below one folder, each with the data set in it, or why it cannot be one of several."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from nasframe_deepfake.datasets.dataset import Dataset
from nasframe_deepfake.datasets.dataset_access import names_recognising, shown_name

__all__ = ["FoldersOfSets", "Subfolder", "folders_of_sets"]

_MOST = 50
"""Folders in a folder of sets; with more it is another kind of folder, and none of them is looked at."""


@frozen
class Subfolder:
    """A folder below, or a link to one.

    Attributes:
        name: of it.
        holds_sets: whether a data set recognises it, or it holds several.
        dataset: the one that recognises it, as `plugin:name`; empty where there is a problem.
        problem: why it cannot be one of several, as the end of a sentence that begins with its name.
    """

    name: str
    holds_sets: bool
    dataset: str = ""
    problem: str = ""


@frozen
class FoldersOfSets:
    """The content of a folder.

    Attributes:
        folders: all that are not hidden, by name; none where they are too many.
        others: names of files and of hidden folders.
        unasked: number of the folders, where they are too many to ask about.
    """

    folders: tuple[Subfolder, ...]
    others: tuple[str, ...]
    unasked: int = 0

    @property
    def known(self) -> list[str]:
        """Names of the folders that hold data sets, with or without a problem."""
        return [item.name for item in self.folders if item.holds_sets]

    @property
    def problems(self) -> list[str]:
        """A sentence without an end for each folder that cannot be one of several, or on too many of them."""
        crowd = f"{self.unasked} folders are more than {_MOST}, so none was looked into"
        found = [f"{item.name} {item.problem}" for item in self.folders if item.problem]
        return [crowd, *found] if self.unasked else found


def folders_of_sets(root: Path, combined: type[Dataset]) -> FoldersOfSets:
    """Return the content of a folder, where each data set is asked about each of its folders.

    Args:
        root: which is there.
        combined: the class of sets that hold others, which are not combined again.

    Raises:
        OSError: the folder cannot be read.
    """
    items = sorted(os.scandir(root), key=lambda item: item.name)
    links = {item.name: _problem_of_link(item) for item in items}
    shown = [item for item in items if not item.name.startswith(".")]
    inside = [item.name for item in shown if links[item.name] or item.is_dir()]
    others = tuple(item.name for item in items if item.name not in inside)
    if len(inside) > _MOST:
        return FoldersOfSets((), others, len(inside))
    found: list[Subfolder] = []
    places: dict[str, Path] = {}
    for name in inside:
        if problem := links[name] or _problem_of_loop(root, root / name):
            found.append(Subfolder(name, False, "", problem))
            continue
        subfolder, place = _asked(root / name, combined), (root / name).resolve()
        if problem := _problem_of_twin(place, places):
            subfolder = Subfolder(name, subfolder.holds_sets, "", problem)
        places[name] = place
        found.append(subfolder)
    return FoldersOfSets(tuple(found), others)


def _problem_of_link(item: os.DirEntry[str]) -> str:
    if not item.is_symlink():
        return ""
    try:
        item.stat()
    except OSError as error:
        return "is a link to itself" if error.errno == errno.ELOOP else "is a link that leads nowhere"
    return ""


def _problem_of_loop(root: Path, place: Path) -> str:
    if root.resolve().is_relative_to(place.resolve()):
        return "is a link back to a folder that it lies in"
    return ""


def _problem_of_twin(place: Path, places: Mapping[str, Path]) -> str:
    for name, other in places.items():
        if place == other:
            return f"is the same folder as {name}"
        if place.is_relative_to(other):
            return f"lies in {name}"
        if other.is_relative_to(place):
            return f"holds {name}"
    return ""


def _asked(place: Path, combined: type[Dataset]) -> Subfolder:
    try:
        names = names_recognising(place, (combined,))
        several = [] if names else _sets_in(place, combined)
    except OSError as error:
        return Subfolder(place.name, False, "", f"cannot be read: {error.strerror}")
    if len(names) == 1:
        return Subfolder(place.name, True, names[0])
    if names:
        shown = " and ".join(map(shown_name, names))
        return Subfolder(place.name, True, "", f"is recognised by several data sets, {shown}")
    if several:
        shown = f"{', '.join(several[:-1])} and {several[-1]}"
        problem = f"is a folder of several sets itself; put {shown} beside the others in its place"
        return Subfolder(place.name, True, "", problem)
    return Subfolder(place.name, False, "", "is of no known data set")


def _sets_in(place: Path, combined: type[Dataset]) -> list[str]:
    """Return the names of the folders below that a data set recognises, where they are two or more."""
    items = sorted(item for item in place.iterdir() if item.is_dir() and not item.name.startswith("."))
    known = (
        [item.name for item in items if names_recognising(item, (combined,))] if len(items) <= _MOST else []
    )
    return known if len(known) > 1 else []
