"""The results of studies that are done once for many tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from nasframe.tables import TABLE_FILE, load_table


@frozen
class Finished:
    """Folders of a table and of the comparison beside it, and what the comparison wrote."""

    table: Path
    comparison: Path
    found: Mapping[str, Any]


def write_format_1(folder: Path) -> None:
    """Write a table in the two files of format 1 in place of its own."""
    table = load_table(folder)
    record = {key: value for key, value in table.record.items() if key not in ("trainings", "epochs")}
    rows = [{key: value for key, value in row.items() if key != "key"} for row in table.rows]
    (folder / "table.json").write_text(json.dumps({**record, "format": 1}), encoding="utf-8")
    (folder / "table.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    (folder / TABLE_FILE).unlink()


OF_TIMES = ("cost", "trainings", "cost_in_trainings")
"""Keys of numbers that are made of durations."""


def without_times(value: Any) -> Any:
    """The record of a study without durations, for two that must be equal."""
    if isinstance(value, Mapping):
        kept = {key: item for key, item in value.items() if "seconds" not in key and key not in OF_TIMES}
        return {key: without_times(item) for key, item in kept.items()}
    if isinstance(value, list):
        return [without_times(item) for item in value if not _is_of_time(item)]
    return value


def _is_of_time(item: Any) -> bool:
    return isinstance(item, Mapping) and "seconds" in str(item.get("metric", ""))
