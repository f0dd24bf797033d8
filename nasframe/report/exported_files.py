"""Files that a report leaves in a folder of the user's choice: another report's are not replaced unasked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.runtime import Fields, Items, Text, advised, format_names, read_json, replacing, write_json

__all__ = ["WRITTEN_BY", "check_export", "write_export"]

WRITTEN_BY = "written_by.json"
"""The record of the files and of the report that they come from. No table's file has an underscore."""

_SHAPE = Fields({"report": Text(), "files": Items(Text())})


def check_export(folder: Path, home: Path, names: Mapping[str, object] | None = None) -> None:
    """Refuse a folder in which something would be replaced that this report did not write.

    Args:
        folder: of the files; it may be missing.
        home: the folder of the report.
        names: of the files that are to be written; None where they are not known yet.

    Raises:
        RunError: another report's files are in the folder, or a file of such a name that no report wrote.
    """
    try:
        written, is_own = _written_in(folder, home)
    except RunError as error:
        raise RunError(advised(str(error), "remove that file", "say --overwrite")) from error
    if written and not is_own:
        problem = (
            f"{folder}: holds the tables and figures of another report, {written['report']} "
            f"({format_names(written['files'])})"
        )
        raise RunError(advised(problem, "choose another folder", "say --overwrite"))
    known = set(written.get("files", ()))
    others = sorted(name for name in names or () if name not in known and os.path.lexists(folder / name))
    if others:
        problem = f"{folder}: holds {format_names(others)}, which this report would replace and did not write"
        raise RunError(advised(problem, "choose another folder", "say --overwrite"))


def write_export(contents: Mapping[str, bytes], folder: Path, home: Path) -> list[Path]:
    """Write files into a folder and return them; those of another report are removed first.

    Args:
        contents: name of a file → its content.
        folder: of the files; it is made where it is missing.
        home: the folder of the report. Its place is noted beside the files.
    """
    try:
        written, is_own = _written_in(folder, home)
    except RunError:  # a damaged record names no file
        written, is_own = {}, False
    before: list[str] = written.get("files", [])
    if not is_own:
        for name in before:
            if Path(name).name == name and not (folder / name).is_dir():
                (folder / name).unlink(missing_ok=True)
    # noted first: an interrupted command may be given again
    names = sorted({*contents, *(before if is_own else ())})
    write_json(folder / WRITTEN_BY, {"report": _place_of(home, folder), "files": names})
    for name, content in contents.items():
        with replacing(folder / name) as temporary:
            temporary.write_bytes(content)
    return [folder / name for name in contents]


def _written_in(folder: Path, home: Path) -> tuple[dict[str, Any], bool]:
    """Return the record of the folder, empty where it has none, and True where it is this report's."""
    if not (folder / WRITTEN_BY).is_file():
        return {}, True
    found: dict[str, Any] = read_json(folder / WRITTEN_BY, _SHAPE)
    return found, found["report"] == _place_of(home, folder)


def _place_of(home: Path, folder: Path) -> str:
    """Return the place of the report as the folder sees it, so that both may be moved together."""
    try:
        return Path(os.path.relpath(home.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive of Windows
        return home.resolve().as_posix()
