"""The audit that a run keeps beside its detector, or that lies in a prepared folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.runtime import (
    MAX_LISTING_BYTES,
    Each,
    Fields,
    Flag,
    Items,
    Nullable,
    Number,
    Text,
    copy_file,
    read_json,
)

__all__ = ["AUDIT", "copy_audit", "read_audit"]

AUDIT = "audit.json"
"""Name of the file with the report of an audit."""

_SHARE = Nullable(Number(0, 1))
_SEPARATION = {
    "auc": _SHARE,
    "low": _SHARE,
    "high": _SHARE,
    "higher_in_fakes": Nullable(Flag()),
    "people": Number(0, whole=True),
    "found": Flag(),
}
_SHORTCUT = {
    **_SEPARATION,
    "name": Text(),
    "title": Text(),
    "in_window": Flag(),
    "typical_genuine": Text(),
    "typical_fake": Text(),
    "per_category": Each(Fields(_SEPARATION)),
}
_REPORT = Fields(
    {
        "source": Text(),
        "window": Fields({"trim": Number(0), "seconds": Number(0)}),
        "bound": Number(0, 1),
        "least_people": Number(0, whole=True),
        "clips": Number(0, whole=True),
        "fakes": Number(0, whole=True),
        "people": Number(0, whole=True),
        "problems": Items(Fields({"path": Text(), "problem": Text()})),
        "shortcuts": Items(Fields(_SHORTCUT), least=1),
    },
    {"synthetic": Flag(), "nameless_clips": Number(0, whole=True)},
)


def read_audit(folder: Path) -> dict[str, Any] | None:
    """Return the content of the `audit.json` in a folder; None where there is none.

    Raises:
        RunError: it is damaged.
    """
    path = folder / AUDIT
    if not path.exists():
        return None
    # it names every file with a problem, which may be all of a large set
    found: dict[str, Any] = read_json(path, _REPORT, limit=MAX_LISTING_BYTES)
    for shortcut in found["shortcuts"]:
        for part in (shortcut, *shortcut["per_category"].values()):
            if part["found"] and None in (part["auc"], part["low"], part["high"]):
                raise RunError(f"{path}: {shortcut['name']}: was found without an AUC and its interval")
        if [*shortcut["per_category"]] != [*found["shortcuts"][0]["per_category"]]:
            raise RunError(f"{path}: {shortcut['name']}: has other categories than the first fact")
    return found


def copy_audit(folders: Mapping[str, Path], out: Path) -> None:
    """Copy the audit of a run's data into a folder of the run; a run of an older version has none."""
    if "audit" in folders and (folders["audit"] / AUDIT).is_file():
        out.mkdir(parents=True, exist_ok=True)
        copy_file(folders["audit"] / AUDIT, out / AUDIT)
