"""Entries of the JSON in which data sets describe their clips: each is checked, and none is guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field, frozen

from nasframe.errors import DataError
from nasframe.runtime import Fields, Items, Number, check_shape, read_json_list
from nasframe_deepfake.datasets.listing import Clip, Listing, Segments
from nasframe_deepfake.datasets.table_paths import leaves_root

__all__ = ["SEGMENTS", "Entry", "EntryCheck", "FoundClips", "contradiction", "first_entry", "segments_of"]

SEGMENTS = Items(Items(Number(), 2, 2))
"""The shape of a list of parts of a clip, each with its begin and its end in seconds."""


@frozen
class Entry:
    """An entry that has the shape of its data set.

    Attributes:
        place: of the entry, in words, with the clip that it names.
        values: its keys and values.
    """

    place: str
    values: dict[str, Any]


@define
class EntryCheck:
    """Finds out which entries have the shape of a data set, and tells of the others.

    Attributes:
        shape: of an entry; `file` is one of its keys.
        listing: takes the entries that cannot be used.
    """

    shape: Fields
    listing: Listing
    _unknown: Counter[str] = field(factory=Counter)
    _first: dict[str, str] = field(factory=dict)

    def of_list(self, table: Path) -> Iterator[Entry]:
        """Yield the entries of a file that holds a list of them.

        Raises:
            DataError: it cannot be read, or is no list in JSON.
        """
        for number, value in read_json_list(table, DataError):
            entry = self.of(f"{table.name}: entry {number}", value)
            if entry is not None:
                yield entry

    def of(self, place: str, value: Any) -> Entry | None:
        """Return an entry that can be used; what is wrong with another one stands in the listing."""
        name = value.get("file") if isinstance(value, dict) else None
        place = f"{place} ({name})" if isinstance(name, str) else place
        try:
            check_shape(value, self.shape, place, DataError)
        except DataError as error:
            self.listing.malformed.append(str(error))
            return None
        if not value["file"] or leaves_root(value["file"]):
            self.listing.malformed.append(f"{place}: file: expected a path inside the folder of the data set")
            return None
        for key in value.keys() - self.shape.required.keys() - self.shape.optional.keys():
            self._unknown[key] += 1
            self._first.setdefault(key, place)
        return Entry(place, value)

    def tell_unknown_keys(self) -> None:
        """Note the keys that are not known, once all entries were checked."""
        for key, count in sorted(self._unknown.items()):
            self.listing.notes.append(
                f"the key {key!r} of {count} entries is not known and was not read; the first: "
                f"{self._first[key]}"
            )


@define
class FoundClips:
    """The clips of the entries by their paths, of which the first entry for each counts.

    Attributes:
        listing: takes those that are there twice.
        clips: path as the table has it → clip.
    """

    listing: Listing
    clips: dict[str, Clip] = field(factory=dict)
    _places: dict[str, str] = field(factory=dict)

    def add(self, clip: Clip, place: str) -> None:
        """Take a clip, unless there is one with its path."""
        kept = self.clips.setdefault(clip.path, clip)
        first = self._places.setdefault(clip.path, place)
        if first != place:
            self.listing.duplicates.append(
                {
                    "path": clip.path,
                    "kept": f"{first}, {kept.category}",
                    "dropped": f"{place}, {clip.category}",
                }
            )


def first_entry(table: Path) -> dict[str, Any]:
    """Return the first entry of a file that holds a list of objects; empty for another kind of file."""
    try:
        _, value = next(read_json_list(table, DataError), (0, None))
    except DataError:
        return {}
    return value if isinstance(value, dict) else {}


def segments_of(found: Sequence[Sequence[float]]) -> Segments:
    """Return parts of a clip in the order of their begins."""
    return tuple(sorted((float(start), float(stop)) for start, stop in found))


def contradiction(key: str, segments: Segments, duration: float | None) -> str:
    """Return why parts of a clip are impossible, with their key; empty where they are not.

    Args:
        key: of the parts.
        segments: in seconds.
        duration: of the clip in seconds; None where it is not known.
    """
    for start, stop in segments:
        if not 0 <= start <= stop:
            return f"{key}: expected a begin from 0 and an end behind it, found [{start:g}, {stop:g}]"
        if duration is not None and start >= duration:
            return f"{key}: [{start:g}, {stop:g}] begins behind the end of the clip at {duration:g} seconds"
    return ""
