"""The clips of a data set on disk, and the files and rows that cannot be used."""

from __future__ import annotations

from pathlib import Path

from attrs import define, field, frozen

from nasframe_deepfake.datasets.categories import CATEGORIES, DESYNC

__all__ = ["Clip", "Listing", "Spellings"]


@frozen
class Clip:
    """One clip of a listing.

    Attributes:
        path: relative to the root of the listing, with forward slashes.
        category: name of one of CATEGORIES.
        method: by which it was made; `real` for genuine clips.
        source: person whose face is seen.
        targets: other people whose face or voice was used for it.
        race: as the data set names it.
        gender: likewise.
    """

    path: str
    category: str
    method: str
    source: str
    targets: tuple[str, ...]
    race: str
    gender: str

    @property
    def fake(self) -> bool:
        return CATEGORIES[self.category].fake

    @property
    def fake_picture(self) -> bool:
        """True where the pictures were altered. Those of a false pairing are not, whatever its category."""
        return CATEGORIES[self.category].fake_picture and self.method != DESYNC

    @property
    def fake_voice(self) -> bool:
        """True where the sound was altered. That of a false pairing is not, whatever its category."""
        return CATEGORIES[self.category].fake_voice and self.method != DESYNC


@frozen
class Spellings:
    """A person whose name a data set spells in several ways.

    Attributes:
        name: the spelling that is taken for all.
        spellings: all of them, in the order of their characters.
    """

    name: str
    spellings: tuple[str, ...]


@define
class Listing:
    """The result of reading a data set.

    Attributes:
        root: folder of the data set.
        clips: the clips to use, sorted by path.
        duplicates: rows of the table whose path an earlier row has: both methods, and categories that differ.
        missing: paths of rows without a file.
        unlisted: video files without a row.
        malformed: rows that cannot be read, with the reason.
        spellings: people whose name has several spellings. A data set leaves it empty: whoever reads it gives
            all clips of a person one name.
    """

    root: Path
    clips: list[Clip] = field(factory=list)
    duplicates: list[dict[str, str]] = field(factory=list)
    missing: list[str] = field(factory=list)
    unlisted: list[str] = field(factory=list)
    malformed: list[str] = field(factory=list)
    spellings: list[Spellings] = field(factory=list)
