"""The reports on robustness that a run keeps: of its own data, and of others."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasframe import Run
from nasframe.runtime import (
    MAX_LISTING_BYTES,
    Each,
    Fields,
    Flag,
    Items,
    Nullable,
    Number,
    Text,
    read_json,
)
from nasframe_deepfake.kept_reports import name_of_data, reports_in, reports_of_network

__all__ = ["REPORT", "folder_in_run", "read_robustness", "robustness_reports"]

REPORT = "robustness.json"
"""Name of the file with a report."""

FOLDER = "robustness"

_COUNT = Number(0, 10**12, whole=True)
_SHARE = Nullable(Number(0, 1))
_METRICS = {f"{name}{end}": _SHARE for name in ("auc", "acc") for end in ("", "_low", "_high")}
_PER_CATEGORY = Each(Fields({"auc": _SHARE, "auc_low": _SHARE, "auc_high": _SHARE, "count": _COUNT}))
_PER_SET = Each(Fields({**_METRICS, "count": _COUNT}))
_SCORED = {**_METRICS, "per_category": _PER_CATEGORY}
_OF_SETS = {"per_set": _PER_SET}
_PROBLEMS = Items(Fields({"clip": Text(), "problem": Text()}))
_REPORT = Fields(
    {
        "network": Text(),
        "source": Text(),
        "own": Flag(),
        "seed": Number(0, whole=True),
        "threshold": Number(0, 1),
        "clips": _COUNT,
        "genuine": _COUNT,
        "people": _COUNT,
        "left_out": Each(_COUNT),
        "problems": _PROBLEMS,
        "notes": Items(Text()),
        "clean": Fields(_SCORED, _OF_SETS),
        "degradations": Items(
            Fields(
                {
                    "name": Text(),
                    "title": Text(),
                    "stream": Text(("pictures", "sound")),
                    "unit": Text(),
                    "clips": _COUNT,
                    "problems": _PROBLEMS,
                    "clean": Fields(_SCORED, _OF_SETS),
                    "levels": Items(
                        Fields({"value": Number(), "label": Text(), **_SCORED}, _OF_SETS), least=1
                    ),
                    "read": Flag(),  # whether the network reads that stream
                }
            )
        ),
    },
    {"nameless_clips": _COUNT},
)


def folder_in_run(run: Run, source: str | None) -> Path:
    """Return where a run keeps its report, of its own data (None) or of another set; it may not be there."""
    return reports_in(run) / FOLDER / name_of_data(source)


def read_robustness(path: Path) -> dict[str, Any]:
    """Return the content of a report.

    Raises:
        RunError: it is missing or damaged.
    """
    found: dict[str, Any] = read_json(path, _REPORT, limit=MAX_LISTING_BYTES)
    return found


def robustness_reports(run: Run) -> list[Mapping[str, Any]]:
    """Return the reports that a run keeps and that are of its network as it is now, its own data first.

    Raises:
        RunError: one is damaged.
    """
    paths = (reports_in(run) / FOLDER).glob(f"*/{REPORT}")
    return reports_of_network(run, {path.parent.name: path for path in paths}, read_robustness)
