"""Reader of a FakeAVCeleb tree: `meta_data.csv` at the root, clips in folders below.

Method and category come from the CSV, never from names. Base names repeat, so a clip is its whole path.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

from nasframe.errors import DataError
from nasframe_deepfake.folder_files import files_of
from nasframe_deepfake.listing import DESYNC, Clip, Listing

__all__ = ["read_fakeavceleb"]

_TYPES = {
    "RealVideo-RealAudio": "RV-RA",
    "RealVideo-FakeAudio": "RV-FA",
    "FakeVideo-RealAudio": "FV-RA",
    "FakeVideo-FakeAudio": "FV-FA",
    "RealVideo-RealAudio-Desync": "pairing",
}
_NAMED = ("source", "target1", "target2", "method", "category", "type", "race", "gender")
_LAST_TWO = (("path", ""), ("vid", "path"), ("filename", "path"))


def read_fakeavceleb(root: Path, desync: Literal["pairing", "FV-FA"] = "pairing") -> Listing:
    """The clips of the tree at `root`, sorted by path.

    Args:
        root: the folder with `meta_data.csv`.
        desync: the category of clips whose method is `desync`.

    Raises:
        DataError: no folder, nothing in it, no `meta_data.csv`, a header that is none, or no clip at all.
    """
    table = _table(root)
    present = set(files_of(root))
    listing = Listing(root)
    clips: dict[str, Clip] = {}
    for number, row in _rows(table):
        clip = _clip(row, desync)
        if isinstance(clip, str):
            listing.malformed.append(f"line {number}: {clip}")
            continue
        kept = clips.setdefault(clip.path, clip)
        if kept is not clip:
            note = {"path": clip.path, "kept": kept.method, "dropped": clip.method}
            if kept.category != clip.category:
                note |= {"kept_category": kept.category, "dropped_category": clip.category}
            listing.duplicates.append(note)
    listing.clips = [clips[path] for path in sorted(clips) if path in present]
    listing.missing = sorted(clips.keys() - present)
    listing.unlisted = sorted(path for path in present - clips.keys() if path.lower().endswith(".mp4"))
    if not listing.clips:
        examples = "".join(f"\n  {row}" for row in listing.malformed[:3])
        raise DataError(
            f"{table}: no clip to use; {len(listing.missing)} rows name files that are not there, "
            f"{len(listing.malformed)} rows are malformed{examples}"
        )
    return listing


def _table(root: Path) -> Path:
    if not root.is_dir():
        raise DataError(f"data folder {root} {'is not a folder' if root.exists() else 'does not exist'}")
    table = root / "meta_data.csv"
    if table.is_file():
        return table
    if not any(root.iterdir()):
        raise DataError(f"data folder {root} is empty; expected meta_data.csv and the clips it lists")
    inside = sorted(path.parent for path in root.glob("*/meta_data.csv"))
    hint = f"; there is one in {inside[0]}" if inside else ""
    raise DataError(f"data folder {root} has no meta_data.csv, as a FakeAVCeleb tree has{hint}")


def _rows(table: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of each row, after the header was checked."""
    try:
        # Bytes that are not UTF-8 spoil their row and not the table.
        with table.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            rows = csv.reader(file)
            header = [name.strip() for name in next(rows, [])]
            last = (*header[8:], "")[:2]
            if tuple(header[:8]) != _NAMED or last not in _LAST_TWO:
                if not _is_utf8("".join(header)):
                    raise DataError(f"{table}: is not a CSV file in UTF-8")
                raise DataError(
                    f"{table}: unknown header {','.join(header)!r}; expected {','.join(_NAMED)!r} "
                    "followed by 'path,', 'vid,path' or 'filename,path'"
                )
            for row in rows:
                if any(value.strip() for value in row):
                    yield rows.line_num, [value.strip() for value in row]
    except csv.Error as error:
        raise DataError(f"{table}: is not a CSV file: {error}") from error


def _clip(row: list[str], desync: str) -> Clip | str:
    """The clip of a row, or what is wrong with the row."""
    if not _is_utf8("".join(row)):
        return "is not in UTF-8"
    while len(row) > 10 and not row[-1]:  # a comma at the end of every line
        row = row[:-1]
    if len(row) != 10:
        return f"{len(row)} fields, expected 10"
    source, target1, target2, method, _, kind, race, gender, name, folder = row
    if kind not in _TYPES:
        return f"unknown type {kind!r}"
    if not source or not name or not folder:
        return "source, file name or folder is empty"
    category = desync if method == DESYNC else _TYPES[kind]
    if (method == "real") != (category == "RV-RA"):
        return f"method {method!r} contradicts type {kind!r}"
    path = PurePosixPath(folder.removeprefix("FakeAVCeleb/")) / name
    if path.is_absolute() or ".." in path.parts:
        return f"{folder}/{name} lies outside the tree"
    # The second target of the real set is a clip's number; only identities tie splits together.
    targets = tuple(sorted({value for value in (target1, target2) if value.startswith("id")} - {source}))
    return Clip(str(path), category, method, source, targets, race, gender)


def _is_utf8(text: str) -> bool:
    """Whether no byte of the text had to be escaped when it was read."""
    return not any("\udc80" <= character <= "\udcff" for character in text)
