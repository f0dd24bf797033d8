"""A table of clips that a user has written: CSV with the columns path, label, source, and a few more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

import attrs
from attrs import frozen

from nasframe.errors import DataError
from nasframe.runtime import read_csv
from nasframe_audiovisual import files_of
from nasframe_deepfake.datasets.categories import CATEGORIES, DESYNC, FAKE_BOTH, GENUINE
from nasframe_deepfake.datasets.dataset import Desync
from nasframe_deepfake.datasets.identities import names_somebody, person_key, with_people_of
from nasframe_deepfake.datasets.listing import Clip, Listing
from nasframe_deepfake.datasets.no_clip import require_clips
from nasframe_deepfake.datasets.table_paths import leaves_root, paths_in_tree
from nasframe_deepfake.datasets.video_files import is_video

__all__ = ["COLUMNS", "has_columns", "read_clip_table", "why_no_table"]

COLUMNS = ("path", "label", "source")

_TARGETS = ("target", "target1", "target2")
_OTHER_COLUMNS = (*_TARGETS, "method", "category")
_WORDS = {"real": False, "genuine": False, "fake": True}
_NUMBERS = {"0": False, "1": True}
_SHOWN = 5


@frozen
class _Row:
    """A row of the table.

    Attributes:
        number: of its line.
        path: as the table has it.
        fake: what its label says.
        source, method, category: as the table has them; the last two may be empty.
        targets: those that are named.
    """

    number: int
    path: str
    fake: bool
    source: str
    method: str
    category: str
    targets: tuple[str, ...]


def has_columns(table: Path) -> bool:
    """Return True where a file is a CSV table with COLUMNS."""
    try:
        return not why_no_table(table)
    except DataError:
        return False


def why_no_table(table: Path) -> str:
    """Return in words why a CSV file is no table of clips; nothing where it is one.

    Raises:
        DataError: it cannot be read as CSV.
    """
    header = _header(table)
    if set(COLUMNS) <= {*header}:
        return ""
    return f"its columns are {', '.join(map(repr, header)) or 'none'}, and not {', '.join(COLUMNS)}"


def read_clip_table(table: Path, desync: Desync) -> Listing:
    """Return the clips of a table, whose paths are relative to its folder.

    Args:
        table: the CSV file.
        desync: the category of clips whose method is `desync`.

    Raises:
        DataError: it has no row with a file, a column is missing or there twice, or labels are not clear.
    """
    root = table.parent
    listing = Listing(root)
    rows = _rows(table, listing)
    _refuse_two_labels(table, rows)
    present = {*files_of(root)}
    places = paths_in_tree({row.path for row in rows}, present)
    sources = {person_key(row.source) for row in rows}
    first: dict[str, tuple[_Row, Clip]] = {}
    for row in rows:
        clip = _clip(row, desync)
        if isinstance(clip, str):
            listing.malformed.append(f"line {row.number}: {clip}")
            continue
        people = tuple(sorted({name for name in clip.targets if names_somebody(name, sources)}))
        clip = attrs.evolve(clip, path=places[row.path], targets=people)
        kept, before = first.setdefault(clip.path, (row, clip))
        if kept is not row:
            first[clip.path] = kept, with_people_of(before, clip)
            listing.duplicates.append(
                {"path": clip.path, "kept": f"line {kept.number}", "dropped": f"line {row.number}"}
            )
    listing.clips = [clip for path, (_, clip) in sorted(first.items()) if path in present]
    listing.missing = sorted(first.keys() - present)
    listing.unlisted = sorted(filter(is_video, present - first.keys()))
    if any(clip.fake and row.category == "" and row.method != DESYNC for row, clip in first.values()):
        listing.notes.append(
            "which stream of a fake without a category was altered is not known: both count as altered"
        )
    require_clips(listing, table, present)
    return listing


def _header(table: Path) -> list[str]:
    _, header = next(read_csv(table), (0, []))
    return [name.strip().lower() for name in header]


def _rows(table: Path, listing: Listing) -> list[_Row]:
    """Return the rows that can be read; what is wrong with the others stands in the listing."""
    header = _header(table)
    for name in COLUMNS:
        if name not in header:
            raise DataError(f"{table}: has no column {name!r}; expected the columns {', '.join(COLUMNS)}")
    place = {name: header.index(name) for name in (*COLUMNS, *_OTHER_COLUMNS) if name in header}
    twice = [name for name in place if header.count(name) > 1]
    if twice:
        raise DataError(f"{table}: has the column {twice[0]!r} {header.count(twice[0])} times; expected one")
    unread = [name or "(without a name)" for name in header if name not in place]
    if unread:
        listing.notes.append(f"columns of {table.name} that are not read: {', '.join(unread)}")
    found: list[tuple[int, Mapping[str, str]]] = []
    for number, fields in [*read_csv(table)][1:]:
        cells = [field.strip() for field in fields]
        if not any(cells):
            continue
        if len(cells) != len(header):
            listing.malformed.append(f"line {number}: {len(cells)} fields, expected {len(header)}")
            continue
        found.append((number, {name: cells[column] for name, column in place.items()}))
    labels = _labels(table, [(number, values["label"]) for number, values in found], listing)
    rows = []
    for number, values in found:
        path = _relative(values["path"], table.parent)
        if not path or not person_key(values["source"]):
            listing.malformed.append(f"line {number}: path or source is empty")
        elif leaves_root(path):
            listing.malformed.append(f"line {number}: {path} lies outside the tree")
        else:
            targets = tuple(values[name] for name in _TARGETS if values.get(name))
            rows.append(
                _Row(
                    number, path, labels[number], values["source"],
                    values.get("method", ""), values.get("category", ""), targets,
                )
            )  # fmt: skip
    return rows


def _labels(table: Path, found: list[tuple[int, str]], listing: Listing) -> dict[int, bool]:
    """Return for each line whether it is a fake.

    Raises:
        DataError: a label is none of the known ones, or some are words and some are numbers.
    """
    expected = "expected real (or genuine) and fake, or 0 for genuine and 1 for fake"
    unknown = [item for item in found if item[1].casefold() not in _WORDS | _NUMBERS]
    if unknown:
        raise DataError(f"{table}: {_shown(unknown)}: the label is not clear; {expected}")
    numbers = [item for item in found if item[1] in _NUMBERS]
    if numbers and len(numbers) < len(found):
        words = [item for item in found if item[1] not in _NUMBERS]
        raise DataError(
            f"{table}: some labels are words ({_shown(words)}) and some are numbers ({_shown(numbers)}); "
            f"{expected}"
        )
    if numbers:
        listing.notes.append("label 0 is read as genuine and 1 as fake")
    return {number: (_WORDS | _NUMBERS)[label.casefold()] for number, label in found}


def _refuse_two_labels(table: Path, rows: Iterable[_Row]) -> None:
    lines: dict[str, list[_Row]] = defaultdict(list)
    for row in rows:
        lines[row.path].append(row)
    for path, found in lines.items():
        other = next((row for row in found if row.fake != found[0].fake), None)
        if other is not None:
            genuine, fake = sorted((found[0], other), key=lambda row: row.fake)
            raise DataError(
                f"{table}: line {genuine.number} says that {path} is genuine, and line {fake.number} that it "
                "is fake"
            )


def _clip(row: _Row, desync: Desync) -> Clip | str:
    """Return the clip of a row, or the reason why the row cannot be used."""
    method = row.method or ("fake" if row.fake else "real")
    if method == DESYNC:
        if not row.fake or row.category:
            return f"the method {DESYNC} belongs to fakes without a category"
        return Clip(row.path, desync, method, row.source, row.targets, "", "")
    if row.category and row.category not in CATEGORIES:
        return f"unknown category {row.category!r}; expected one of {', '.join(CATEGORIES)}"
    category = CATEGORIES[row.category] if row.category else FAKE_BOTH if row.fake else GENUINE
    if category.fake != row.fake:
        return f"category {category.name} contradicts the label {'fake' if row.fake else 'genuine'}"
    if (method == "real") == row.fake:
        return f"method {method!r} contradicts the label {'fake' if row.fake else 'genuine'}"
    targets = tuple(sorted({*row.targets} - {row.source}))
    return Clip(row.path, category.name, method, row.source, targets, "", "")


def _relative(path: str, root: Path) -> str:
    """Return a path relative to the folder of the table, where it is an absolute one inside."""
    whole = PurePosixPath(path)
    for folder in (root, root.resolve()):
        if whole.is_absolute() and whole.is_relative_to(folder):
            return whole.relative_to(folder).as_posix()
    return str(whole) if path else ""


def _shown(found: list[tuple[int, str]]) -> str:
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(f"line {number}: {label!r}" for number, label in found[:_SHOWN]) + more
