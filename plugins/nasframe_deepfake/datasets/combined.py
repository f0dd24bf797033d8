"""Several data sets as one: a folder with a folder, or a link to one, for each of them.

A clip is known by the folder of its set and its path in there. People are kept apart by their sets, unless
two sets call them by the names of one published corpus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import ClassVar

import attrs
from attrs import frozen

from nasframe.errors import DataError
from nasframe_deepfake.datasets.dataset import Dataset, Desync
from nasframe_deepfake.datasets.dataset_access import (
    corpus_of,
    hash_of_dataset,
    names_recognising,
    read_dataset,
    shown_name,
)
from nasframe_deepfake.datasets.folders_of_sets import FoldersOfSets, folders_of_sets
from nasframe_deepfake.datasets.identities import one_spelling, person_key
from nasframe_deepfake.datasets.listing import Clip, Listing, SetOfSeveral, Spellings
from nasframe_deepfake.datasets.synthetic_mark import is_marked_synthetic
from nasframe_deepfake.datasets.video_files import is_video

__all__ = ["Combined"]

_LEAST = 2
_SHOWN = 3


class Combined(Dataset):
    """Several data sets together: a folder with a folder for each of them, or a link to it."""

    expects: ClassVar[str] = "two or more folders, or links to folders, each of a data set of its own"

    def recognises(self, folder: Path) -> bool:
        """Return True where two or more folders below hold data sets, and the folder itself is none."""
        if names_recognising(folder, (Combined,)):
            return False
        return len(folders_of_sets(folder, Combined).known) >= _LEAST

    def why_not(self, folder: Path) -> str:
        found = folders_of_sets(folder, Combined)
        told = [f"{found.known[0]} alone is of a data set" if found.known else "no folder in it is of one"]
        return "; ".join([*told, *found.problems[:_SHOWN]])

    def read(self, folder: Path, desync: Desync) -> Listing:
        """Return the clips of all sets.

        Raises:
            DataError: a folder is of no data set or of several, or cannot be read; there are fewer than two;
                or people of two sets would have one name.
        """
        if not folder.is_dir():
            raise DataError(
                f"data folder {folder} {'is not a folder' if folder.exists() else 'does not exist'}"
            )
        found = folders_of_sets(folder, Combined)
        if found.problems:
            told = "".join(f"\n  {problem}" for problem in found.problems)
            raise DataError(f"{folder}: not all of its folders are data sets that can be combined:{told}")
        if len(found.folders) < _LEAST:
            known = ", ".join(found.known) or "none"
            raise DataError(f"{folder}: expected {self.expects}, found {known}")
        combined = Listing(folder)
        scopes: dict[str, _Scope] = {}
        for item in found.folders:
            listing = read_dataset(item.dataset, folder / item.name, desync)
            scopes[item.name] = _Scope.of(item.name, item.dataset, listing)
            _add(combined, item.name, scopes[item.name].name, item.dataset, listing)
        combined.clips, spellings = _respelled(combined.clips, scopes)
        combined.spellings = _merged([*spellings, *combined.spellings])
        _refuse_names_that_meet(folder, combined.clips, scopes)
        _note_others(combined, found)
        return combined


@frozen
class _Scope:
    """The scope in which the names of a set's people are unique.

    Attributes:
        name: with which they begin: of the corpus that names them, or of the folder of the set.
        corpus: whether it is a corpus.
    """

    name: str
    corpus: bool

    @classmethod
    def of(cls, folder: str, dataset: str, listing: Listing) -> _Scope:
        # Whoever is synthesised in FakeAVCeleb's layout is none of that set's people.
        nobody = listing.nameless or is_marked_synthetic(listing.root)
        corpus = "" if nobody else corpus_of(dataset)
        return cls(corpus or folder, bool(corpus))


def _add(combined: Listing, name: str, scope: str, dataset: str, listing: Listing) -> None:
    """Put all of a set into the listing of several, under the name of its folder."""
    place = combined.root / name
    if not listing.root.is_relative_to(place):
        raise DataError(f"{place}: the clips of this set lie in {listing.root}, which is not below it")
    top = "/".join((name, *listing.root.relative_to(place).parts))

    def person(own: str) -> str:
        return f"{scope}/{own}"

    def path(own: str) -> str:
        return f"{top}/{own}"

    def text(told: str) -> str:
        return f"{name}: {told}"

    combined.clips += (_moved(clip, name, path, person) for clip in listing.clips)
    combined.duplicates += ({**row, "path": path(row.get("path", ""))} for row in listing.duplicates)
    combined.missing += map(path, listing.missing)
    combined.unlisted += map(path, listing.unlisted)
    for part in ("malformed", "left_out", "corrected", "notes"):
        getattr(combined, part).extend(map(text, getattr(listing, part)))
    combined.spellings += (
        Spellings(person(one.name), tuple(map(person, one.spellings))) for one in listing.spellings
    )
    if listing.nameless:
        told = f"in {name} {listing.nameless}"
        combined.nameless = f"{combined.nameless}; {told}" if combined.nameless else told
    combined.sets[name] = SetOfSeveral(
        shown_name(dataset), hash_of_dataset(dataset), attrs.evolve(listing, clips=[])
    )


def _moved(clip: Clip, name: str, path: Callable[[str], str], person: Callable[[str], str]) -> Clip:
    return attrs.evolve(
        clip,
        path=path(clip.path),
        sound_file=path(clip.sound_file) if clip.sound_file else "",
        source=person(clip.source),
        targets=tuple(map(person, clip.targets)),
        set=name,
    )


def _respelled(clips: Iterable[Clip], scopes: Mapping[str, _Scope]) -> tuple[list[Clip], list[Spellings]]:
    """Return the clips with one name for each person whom several sets call by the names of one corpus."""
    clips = list(clips)
    counts = [*scopes.values()]
    shared = {name for name, scope in scopes.items() if counts.count(scope) > 1}
    named, spellings = one_spelling(clip for clip in clips if clip.set in shared)
    found = iter(named)
    return [next(found) if clip.set in shared else clip for clip in clips], spellings


def _merged(found: Iterable[Spellings]) -> list[Spellings]:
    """Return each person once, with the spellings of all sets; the name is that of the first entry."""
    people: dict[str, Spellings] = {}
    for person in found:
        first = people.setdefault(person_key(person.name), person)
        spellings = tuple(sorted({*first.spellings, *person.spellings}))
        people[person_key(person.name)] = Spellings(first.name, spellings)
    return sorted(people.values(), key=lambda person: person.name)


def _refuse_names_that_meet(folder: Path, clips: Iterable[Clip], scopes: Mapping[str, _Scope]) -> None:
    """Refuse people of different sets whose names would count as spellings of one.

    Folders may differ in the case of a letter alone, and one may be called as a corpus is.
    """
    first: dict[str, str] = {}
    for clip in clips:
        for name in (clip.source, *clip.targets):
            other = first.setdefault(person_key(name), clip.set)
            if scopes[other] != scopes[clip.set]:
                raise DataError(
                    f"{folder}: people of {other} and of {clip.set} would have one name, {name}; give one of "
                    "these folders another name"
                )


def _note_others(combined: Listing, found: FoldersOfSets) -> None:
    videos = [name for name in found.others if is_video(name)]
    combined.unlisted += videos
    others = [name for name in found.others if name not in videos]
    if others:
        more = ", …" if len(others) > _SHOWN else ""
        combined.notes.append(f"beside the sets and not read: {', '.join(others[:_SHOWN])}{more}")
