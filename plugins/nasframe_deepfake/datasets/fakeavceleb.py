"""Reader of FakeAVCeleb's layout: `meta_data.csv` at the root, clips in folders below.

Method and category come from the table, never from file names. File names repeat, so a clip is known by its
path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import ClassVar

import attrs

from nasframe.errors import DataError
from nasframe.runtime import read_csv
from nasframe_audiovisual import files_of
from nasframe_deepfake.datasets.categories import CATEGORIES, DESYNC, GENUINE
from nasframe_deepfake.datasets.dataset import Dataset, Desync
from nasframe_deepfake.datasets.identities import names_somebody, person_key, with_people_of
from nasframe_deepfake.datasets.listing import Clip, Listing
from nasframe_deepfake.datasets.no_clip import require_clips
from nasframe_deepfake.datasets.table_paths import paths_in_tree
from nasframe_deepfake.datasets.video_files import is_video

__all__ = ["FakeAVCeleb", "read_fakeavceleb"]

_CATEGORY_OF_TYPE = {category.type: category.name for category in CATEGORIES.values()}
_COLUMNS = ("source", "target1", "target2", "method", "category", "type", "race", "gender")
_LAST_COLUMNS = (("path", ""), ("vid", "path"), ("filename", "path"))
_TABLE = "meta_data.csv"
_ROOT = "FakeAVCeleb"
_UNNAMED = re.compile(r"(Unnamed: \d+)?")
"""The name of a column without one, as it is published or as pandas writes it."""


class FakeAVCeleb(Dataset):
    """FakeAVCeleb, and any set in its layout, such as the synthesised one."""

    expects: ClassVar[str] = f"{_TABLE} and the clips it lists"
    corpus: ClassVar[str] = "VoxCeleb2"  # whose people all of its sources and targets are

    def recognises(self, folder: Path) -> bool:
        return (folder / _TABLE).is_file() and _has_our_columns(folder / _TABLE)

    def why_not(self, folder: Path) -> str:
        if (folder / _TABLE).is_file():
            return f"{_TABLE} has other columns"
        return f"there is no {_TABLE}"

    def read(self, folder: Path, desync: Desync) -> Listing:
        return read_fakeavceleb(folder, desync)


def read_fakeavceleb(root: Path, desync: Desync = "pairing") -> Listing:
    """Return the clips of the data set at `root`, sorted by path.

    Args:
        root: the folder with `meta_data.csv`.
        desync: the category of clips whose method is `desync`.

    Raises:
        DataError: no folder, an empty one, no `meta_data.csv`, an unknown header, or no clip to use.
    """
    table = _table(root)
    present = set(files_of(root))
    listing = Listing(root)
    clips: dict[str, Clip] = {}
    sources: set[str] = set()
    for number, row in _rows(table):
        clip = _clip(row, desync)
        if isinstance(clip, str):
            listing.malformed.append(f"line {number}: {clip}")
            continue
        sources.add(person_key(clip.source))
        kept = clips.setdefault(clip.path, clip)
        if kept is not clip:
            clips[clip.path] = with_people_of(kept, clip)
            note = {"path": clip.path, "kept": kept.method, "dropped": clip.method}
            if kept.category != clip.category:
                note |= {"kept_category": kept.category, "dropped_category": clip.category}
            listing.duplicates.append(note)
    places = paths_in_tree(clips.keys(), present, _ROOT)
    for path, clip in [*clips.items()]:
        people = tuple(target for target in clip.targets if names_somebody(target, sources))
        clips[path] = attrs.evolve(clip, path=places[path], targets=people)
    clips = {clip.path: clip for clip in clips.values()}
    listing.clips = [clips[path] for path in sorted(clips) if path in present]
    listing.missing = sorted(clips.keys() - present)
    listing.unlisted = sorted(filter(is_video, present - clips.keys()))
    require_clips(listing, table, present)
    return listing


def _table(root: Path) -> Path:
    if not root.is_dir():
        raise DataError(f"data folder {root} {'is not a folder' if root.exists() else 'does not exist'}")
    table = root / _TABLE
    if table.exists():  # the reader refuses what is no file
        return table
    if not any(root.iterdir()):
        raise DataError(f"data folder {root} is empty; expected meta_data.csv and the clips it lists")
    inside = sorted(path.parent for path in root.glob("*/meta_data.csv"))
    hint = f"; there is one in {inside[0]}" if inside else ""
    raise DataError(f"data folder {root} has no meta_data.csv, as a FakeAVCeleb tree has{hint}")


def _has_our_columns(table: Path) -> bool:
    try:
        _, header = next(_fields(table), (0, []))
    except DataError:
        return False
    return _numbered(header) or tuple(name.strip() for name in header[: len(_COLUMNS)]) == _COLUMNS


def _fields(table: Path) -> Iterator[tuple[int, list[str]]]:
    # A byte that is not UTF-8 makes its row unreadable, not the table.
    return read_csv(table, errors="surrogateescape")


def _rows(table: Path) -> Iterator[tuple[int, list[str]]]:
    """Check the header, then return line number and fields of each row."""
    rows = _fields(table)
    header = [name.strip() for name in next(rows, (0, []))[1]]
    begin = int(_numbered(header))
    last = tuple("" if _UNNAMED.fullmatch(name) else name for name in (*header[begin + 8 :], "")[:2])
    if tuple(header[begin : begin + 8]) != _COLUMNS or last not in _LAST_COLUMNS:
        if not _is_utf8("".join(header)):
            raise DataError(f"{table}: is not a CSV file in UTF-8")
        raise DataError(
            f"{table}: unknown header {','.join(header)[:200]!r}; expected {','.join(_COLUMNS)!r} "
            "followed by 'path,', 'vid,path' or 'filename,path'"
        )
    for number, row in rows:
        if any(value.strip() for value in row):
            yield number, [value.strip() for value in row[begin:]]


def _numbered(header: list[str]) -> bool:
    """Return True where a column of row numbers precedes ours, as pandas writes it."""
    names = [name.strip() for name in header]
    return bool(names) and bool(_UNNAMED.fullmatch(names[0])) and tuple(names[1:9]) == _COLUMNS


def _clip(row: list[str], desync: str) -> Clip | str:
    """Return the clip of a row, or the reason why the row cannot be used."""
    if not _is_utf8("".join(row)):
        return "is not in UTF-8"
    if any("\0" in value for value in row):
        return "holds a NUL"
    while len(row) > 10 and not row[-1]:  # a comma at the end of every line
        row = row[:-1]
    if len(row) != 10:
        return f"{len(row)} fields, expected 10"
    source, target1, target2, method, _, type_, race, gender, name, folder = row
    if type_ not in _CATEGORY_OF_TYPE:
        return f"unknown type {type_!r}"
    if not person_key(source) or not name or not folder:
        return "source, file name or folder is empty"
    category = desync if method == DESYNC else _CATEGORY_OF_TYPE[type_]
    if (method == "real") != (category == GENUINE.name):
        return f"method {method!r} contradicts type {type_!r}"
    path = PurePosixPath(folder.removeprefix(f"{_ROOT}/")) / name
    if path.is_absolute() or ".." in path.parts:
        return f"{folder}/{name} lies outside the tree"
    targets = tuple(sorted({target1, target2} - {source}))
    return Clip(str(path), category, method, source, targets, race, gender)


def _is_utf8(text: str) -> bool:
    """True where no byte of the text had to be escaped when it was read."""
    return not any("\udc80" <= character <= "\udcff" for character in text)
