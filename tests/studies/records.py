"""The results of studies that are done once for many tests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen


@frozen
class Finished:
    """Folders of a table and of the comparison beside it, and what the comparison wrote."""

    table: Path
    comparison: Path
    found: Mapping[str, Any]


def without_times(value: Any) -> Any:
    """The record of a study without durations, for two that must be equal."""
    if isinstance(value, Mapping):
        return {key: without_times(item) for key, item in value.items() if "seconds" not in key}
    if isinstance(value, list):
        return [without_times(item) for item in value if not _is_of_time(item)]
    return value


def _is_of_time(item: Any) -> bool:
    return isinstance(item, Mapping) and "seconds" in str(item.get("metric", ""))
