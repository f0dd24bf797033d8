"""The clips of a data set on disk, and the files and rows that cannot be used."""

from __future__ import annotations

from pathlib import Path

from attrs import define, field, frozen

from nasframe_audiovisual import ClipFiles
from nasframe_deepfake.datasets.categories import CATEGORIES, DESYNC

__all__ = ["OFFICIAL_SPLITS", "Clip", "Listing", "Segments", "SetOfSeveral", "Spellings"]

Segments = tuple[tuple[float, float], ...]
"""Begin and end of parts of a clip, in seconds."""

OFFICIAL_SPLITS = ("train", "validation", "test")
"""Names of the splits of a data set that has its own."""


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
        fake_segments: the parts of a fake that were altered, in whatever stream; None where they are not
            known, empty for a genuine clip whose data set knows them.
        fake_picture_segments: likewise, the parts whose pictures were altered.
        fake_voice_segments: likewise, the parts whose sound was altered.
        official_split: one of OFFICIAL_SPLITS where the data set has splits of its own, else empty.
        sound_file: the file of its sound, relative to the root, where its pictures are in another one.
        lying: whether its pictures are stored on their side, unless the container says how they are turned.
        set: the folder of its own data set, where several are combined; else empty. Its path and the names of
            its people then begin with a folder: this one, or for people the corpus that names them.
        nameless: whether its data set names nobody, so that `source` is no person. A data set leaves it, and
            says so of all its clips (`Listing.nameless`).
    """

    path: str
    category: str
    method: str
    source: str
    targets: tuple[str, ...]
    race: str
    gender: str
    fake_segments: Segments | None = None
    fake_picture_segments: Segments | None = None
    fake_voice_segments: Segments | None = None
    official_split: str = ""
    sound_file: str = ""
    lying: bool = False
    set: str = ""
    nameless: bool = False

    @property
    def files(self) -> ClipFiles:
        """Its file, or both."""
        return ClipFiles(self.path, self.sound_file, self.lying)

    @property
    def name(self) -> str:
        """Its name in lists of splits, the index and scores: its path, or `pictures+sound`.

        Several clips may have the pictures of one file, but no two have one name.
        """
        return self.files.name

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


@frozen
class SetOfSeveral:
    """One of the data sets that are combined.

    Attributes:
        dataset: its name, with its plugin unless it is our own.
        code: SHA-256 of the code of its plugin; None for our own.
        listing: as of this set alone.
    """

    dataset: str
    code: str | None
    listing: Listing


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
        left_out: clips that could be read and are not used, with the reason.
        corrected: mistakes of the data set that were mended, each with its row or entry.
        notes: what else its user must know about how the data set was read, in sentences without an end.
        nameless: what stands for a person where the data set names none, in words; else empty.
        spellings: people whose name has several spellings. A data set leaves it empty: whoever reads it gives
            all clips of a person one name.
        sets: folder → the data set in it, where several are combined.
    """

    root: Path
    clips: list[Clip] = field(factory=list)
    duplicates: list[dict[str, str]] = field(factory=list)
    missing: list[str] = field(factory=list)
    unlisted: list[str] = field(factory=list)
    malformed: list[str] = field(factory=list)
    left_out: list[str] = field(factory=list)
    corrected: list[str] = field(factory=list)
    notes: list[str] = field(factory=list)
    nameless: str = ""
    spellings: list[Spellings] = field(factory=list)
    sets: dict[str, SetOfSeveral] = field(factory=dict)
