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
