"""The reports on single seconds that a run keeps: of its own data, and of others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasframe import Run
from nasframe.runtime import MAX_LISTING_BYTES, Each, Fields, Flag, Items, Nullable, Number, Text, read_json
from nasframe_deepfake.kept_reports import name_of_data, reports_in, reports_of_network

__all__ = ["REPORT", "folder_in_run", "per_second_reports", "read_per_second"]

REPORT = "per_second.json"
"""Name of the file with a report."""

FOLDER = "per_second"

_COUNT = Number(0, 10**12, whole=True)
_SHARE = Nullable(Number(0, 1))
_JUDGED = Fields(
    {
        "auc": _SHARE,
        "auc_low": _SHARE,
        "auc_high": _SHARE,
        "seconds": _COUNT,
        "altered": _COUNT,
        "people": _COUNT,
    },
    {"nameless_clips": _COUNT},
)
_REPORT = Fields(
    {
        "network": Text(),
        "source": Text(),
        "own": Flag(),
        "seconds_of_window": Number(0),
        "clips": _COUNT,
        "left_out": Each(_COUNT),
        "problems": Items(Fields({"clip": Text(), "problem": Text()})),
        "notes": Items(Text()),
        "all": _JUDGED,
        "fakes": _JUDGED,
        "per_category": Each(_JUDGED),
        "unscored": Each(_COUNT),
    }
)


def folder_in_run(run: Run, source: str | None) -> Path:
    """Return where a run keeps its report, of its own data (None) or of another set; it may not be there."""
    return reports_in(run) / FOLDER / name_of_data(source)


def read_per_second(path: Path) -> dict[str, Any]:
    """Return the content of a report.

    Raises:
        RunError: it is missing or damaged.
    """
    found: dict[str, Any] = read_json(path, _REPORT, limit=MAX_LISTING_BYTES)
    return found


def per_second_reports(run: Run) -> list[Mapping[str, Any]]:
    """Return the reports that a run keeps and that are of its network as it is now, its own data first.

    Raises:
        RunError: one is damaged.
    """
    paths = (reports_in(run) / FOLDER).glob(f"*/{REPORT}")
    return reports_of_network(run, {path.parent.name: path for path in paths}, read_per_second)
