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
    Text,
    check_shape,
    naming_way_out,
    read_json,
)
from nasframe.studies.folder.layout import RECORD

__all__ = ["FORMAT", "is_unbegun", "read_study"]

FORMAT = 1
_KEPT = "The runs below it can be kept: each is read by itself."
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
    with naming_way_out(path / RECORD, _KEPT):
        content = read_json(path / RECORD)
    if not (isinstance(content, dict) and {"format", "kind", "plan"} <= content.keys()):
        raise RunError(f"{path}: is no study folder: its {RECORD} is none of nasframe's")
    if content["format"] != FORMAT:
        found = content["format"]
        raise RunError(f"{path}: study format {found!r} cannot be read; this version reads {FORMAT}")
    with naming_way_out(path / RECORD, _KEPT):
        check_shape(content, _STUDY, str(path / RECORD))
    return content
