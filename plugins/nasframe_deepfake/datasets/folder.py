"""Reader of a user's own clips: the folders `real` and `fake`, or one CSV table with a row for each clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from nasframe.errors import DataError
from nasframe.runtime import counted
from nasframe_audiovisual import files_of
from nasframe_deepfake.datasets.categories import FAKE_BOTH, GENUINE
from nasframe_deepfake.datasets.clip_table import COLUMNS, has_columns, read_clip_table, why_no_table
from nasframe_deepfake.datasets.combined import Combined
from nasframe_deepfake.datasets.dataset import Dataset, Desync
from nasframe_deepfake.datasets.dataset_access import OPTION, names_recognising, shown_name
from nasframe_deepfake.datasets.listing import Clip, Listing
from nasframe_deepfake.datasets.no_clip import require_files
from nasframe_deepfake.datasets.video_files import is_video

__all__ = ["Folder"]

_CATEGORY_OF_FOLDER = {"real": GENUINE, "fake": FAKE_BOTH}


class Folder(Dataset):
    """Clips of one's own: the folders real and fake, or one CSV file with path, label and source."""

    expects: ClassVar[str] = (
        f"the folders real and fake, or one CSV file with the columns {', '.join(COLUMNS)}"
    )

    def recognises(self, folder: Path) -> bool:
        """Return True where there is a table, or both folders and neither is a data set of its own.

        A data set says itself which of its clips are genuine; the name of its folder may say otherwise.
        """
        return bool(_tables(folder)) or (_has_both_folders(folder) and not _sets_inside(folder))

    def why_not(self, folder: Path) -> str:
        if _has_both_folders(folder):  # a table that is none beside them is no reason
            return f"{_in_words(_sets_inside(folder))}; {OPTION}=folder takes all by the name of the folder"
        tables = _csv_files(folder)
        if tables:
            try:
                return f"{tables[0].name} is no table: {why_no_table(tables[0])}"
            except DataError:
                return f"{tables[0].name} cannot be read as CSV"
        there = {item.name.casefold() for item in folder.iterdir() if item.is_dir()}
        lacking = " and no ".join(f"{name}/" for name in _CATEGORY_OF_FOLDER if name not in there)
        return f"there is no {lacking}, and no CSV file"

    def read(self, folder: Path, desync: Desync) -> Listing:
        """Return the clips of the table where there is one, else those of the two folders."""
        if not folder.is_dir():
            raise DataError(
                f"data folder {folder} {'is not a folder' if folder.exists() else 'does not exist'}"
            )
        tables = _tables(folder)
        if len(tables) > 1:
            names = " and ".join(table.name for table in tables)
            raise DataError(f"{folder}: {names} both have the columns of a table of clips; expected one")
        if tables:
            return read_clip_table(tables[0], desync)
        if not _has_both_folders(folder):
            raise DataError(f"data folder {folder} has another layout; expected {self.expects}")
        return _read_folders(folder)


def _tables(folder: Path) -> list[Path]:
    return [item for item in _csv_files(folder) if has_columns(item)]


def _csv_files(folder: Path) -> list[Path]:
    return [item for item in sorted(folder.iterdir()) if item.suffix.lower() == ".csv"]


def _notes_on_other_tables(folder: Path) -> list[str]:
    """Return a note for each CSV file that is no table of clips: its labels do not count.

    Raises:
        DataError: one cannot be read, so nobody knows whether it says other labels than the folders do.
    """
    try:
        return [f"{item.name} was not read: {why_no_table(item)}" for item in _csv_files(folder)]
    except DataError as error:
        raise DataError(
            f"{error}; it may be the table of the clips in {folder}: mend it, or put it elsewhere"
        ) from error


def _has_both_folders(folder: Path) -> bool:
    names = {item.name.casefold() for item in folder.iterdir() if item.is_dir()}
    return names >= _CATEGORY_OF_FOLDER.keys()


def _sets_inside(folder: Path) -> dict[str, str]:
    """Return which of both folders is a data set of its own → its name.

    Our own layouts are looked at here: asked in general, links in a circle would never end.
    """
    found = {}
    for item in sorted(folder.iterdir()):
        if item.name.casefold() in _CATEGORY_OF_FOLDER and item.is_dir():
            names = names_recognising(item, (Combined, Folder))
            own = [] if names or not (_has_both_folders(item) or _tables(item)) else ["folder"]
            if names or own:
                found[item.name] = " and ".join([*map(shown_name, names), *own])
    return found


def _in_words(sets: Mapping[str, str]) -> str:
    told = " and ".join(f"{name} is a data set of its own ({dataset})" for name, dataset in sets.items())
    return f"{told}, whose clips need not all be {' or '.join(name.casefold() for name in sets)}"


def _read_folders(root: Path) -> Listing:
    sets = _sets_inside(root)
    listing = Listing(
        root,
        nameless="each clip, with those of the same name below real and fake, counts as one",
        notes=[
            *_notes_on_other_tables(root),
            *([f"{_in_words(sets)}, and were taken for it"] if sets else []),
            "which stream of a fake was altered is not known: both count as altered",
        ],
    )
    present = [*files_of(root)]
    other_files = []
    for path in present:
        top, _, below = path.partition("/")
        category = _CATEGORY_OF_FOLDER.get(top.casefold()) if below else None
        if not is_video(path):
            if category is not None:
                other_files.append(path)
        elif category is None:
            listing.unlisted.append(path)
        else:
            source = below.rpartition(".")[0]
            listing.clips.append(Clip(path, category.name, top.casefold(), source, (), "", ""))
    listing.notes += _notes_on_other_files(other_files)
    require_files(listing)
    return listing


def _notes_on_other_files(paths: Sequence[str]) -> list[str]:
    if not paths:
        return []
    found = counted(len(paths), "file below real and fake has", "files below real and fake have")
    return [f"{found} no ending of a clip; the first: {paths[0]}"]
