"""`study.json`, the record of a study: read, and its shape checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.runtime import (
    ANYTHING,
    MACHINE,
    MAX_EXACT_INTEGER,
    Each,
    Fields,
    Items,
    Nullable,
    Number,
    Shape,
    Text,
    check_shape,
    made_later,
    naming_way_out,
    read_json,
)
from nasframe.studies.folder.layout import OLD_TRIALS, RECORD, TRIALS

__all__ = ["FORMAT", "check_in_study", "is_unbegun", "read_study"]

FORMAT = 1
_COUNT = Number(0, MAX_EXACT_INTEGER, whole=True)
_STUDY = Fields(
    {"kind": Text(), "plan": Nullable(Each(ANYTHING))},  # null: its data is being prepared
    {
        "nasframe": Text(),
        "names": Each(Each(Text())),
        "packages": Each(Nullable(Text())),
        "machines": Items(MACHINE),
        "objective": Text(),
        "trials": Fields({"count": _COUNT, "done": _COUNT, "failed": Each(Text())}),
        "failure": Nullable(Text()),
    },
)


def is_unbegun(record: Mapping[str, Any]) -> bool:
    """Return True for the record of a study whose data was being prepared."""
    return record.get("plan", {}) is None


def read_study(path: Path) -> dict[str, Any]:
    """Return the content of a folder's `study.json`.

    Raises:
        RunError: there is none, or nasframe did not write it.
    """
    if not (path / RECORD).exists():
        raise RunError(f"{path}: is no study folder: it has no {RECORD}")
    with naming_way_out(path / RECORD, _kept):
        content = read_json(path / RECORD)
    found = content.get("format") if isinstance(content, dict) else None
    other = f"{path}: study format {found!r} cannot be read; this version reads {FORMAT}"
    if later := made_later(found, FORMAT):
        raise RunError(f"{other}{later}")
    with naming_way_out(path / RECORD, _kept):
        if not (isinstance(content, dict) and {"format", "kind", "plan"} <= content.keys()):
            raise RunError(f"{path}: is no study folder: its {RECORD} is none of nasframe's, or is damaged")
        if found != FORMAT:
            raise RunError(other)
        check_shape(content, _STUDY, str(path / RECORD))
    return content


def check_in_study(path: Path, record: Mapping[str, Any], shape: Shape) -> None:
    """Refuse the content of a folder's `study.json` where it has another shape, which a command needs.

    Raises:
        RunError: names the key.
    """
    with naming_way_out(path / RECORD, _kept):
        check_shape(record, shape, str(path / RECORD))


def _kept(folder: Path) -> str:
    for name in (TRIALS, OLD_TRIALS):
        if any(folder.glob(f"{name}/*/run.json")):
            return (
                f"Before that, copy the folder {folder / name} elsewhere: each run in it is read by itself."
            )
    return ""
