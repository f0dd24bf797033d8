"""The error where a data set has no clip to use: what was looked for, and what is there."""

from __future__ import annotations

import difflib
from collections.abc import Set
from pathlib import Path, PurePosixPath

from nasframe.errors import DataError
from nasframe.runtime import counted
from nasframe_deepfake.datasets.listing import Listing
from nasframe_deepfake.datasets.video_files import is_video

__all__ = ["require_clips", "require_files"]


_ONE = {"rows": "row", "entries": "entry"}


def require_clips(listing: Listing, table: Path, present: Set[str], rows: str = "rows") -> None:
    """Refuse a listing without clips.

    Args:
        listing: as it was read.
        table: the file that names the clips.
        present: the files of the tree, relative to its root.
        rows: the word for the rows of the table.

    Raises:
        DataError: there is no clip. Names one path that was looked for and one that is there.
    """
    if listing.clips:
        return
    one = _ONE.get(rows, rows)
    missing = counted(len(listing.missing), f"{one} names", f"{rows} name")
    malformed = counted(len(listing.malformed), f"{one} is", f"{rows} are")
    raise DataError(
        f"{table}: no clip to use; {missing} files that are not there, "
        f"{malformed} malformed{_places(listing, present)}{_examples(listing)}"
    )


def require_files(listing: Listing) -> None:
    """Refuse a listing without clips of a data set that has no table, by the files that are there.

    Raises:
        DataError: there is no clip.
    """
    if listing.clips:
        return
    found = f"; found {listing.root / listing.unlisted[0]}" if listing.unlisted else ""
    raise DataError(
        f"{listing.root}: no clip to use; {counted(len(listing.malformed), 'file has', 'files have')} "
        f"another name, {len(listing.left_out)} were left out, {len(listing.unlisted)} are in another "
        f"folder{found}{_examples(listing)}"
    )


def _examples(listing: Listing) -> str:
    return "".join(f"\n  {item}" for item in [*listing.malformed, *listing.left_out][:3])


def _places(listing: Listing, present: Set[str]) -> str:
    if not listing.missing:
        return ""
    wanted = listing.missing[0]
    looked = f"; looked for {listing.root / wanted}"
    videos = sorted(filter(is_video, present))
    if not videos:
        return f"{looked}, and no clip is there"
    name = PurePosixPath(wanted).name
    alike = [path for path in videos if PurePosixPath(path).name == name] or videos[:1000]
    there = difflib.get_close_matches(wanted, alike, 1, cutoff=0)[0]
    return f"{looked}, and found {listing.root / there}"
