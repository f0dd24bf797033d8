"""The parts of two runs that are compared: their files, and their records without times."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def without_time(lines: Any) -> list[dict[str, Any]]:
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]
