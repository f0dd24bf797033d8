"""Reading a folder: the page of the run or the study that it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.report.comparison_page import comparison_page
from nasframe.report.page import Page
from nasframe.report.run_page import run_page
from nasframe.report.space_table_page import space_table_page
from nasframe.report.sweep_page import sweep_page
from nasframe.runs import Run

__all__ = ["read_page"]

_TABLES = {"table.json": "table.jsonl", "census.json": "census.jsonl"}
"""The record of a table of a space → its rows; the second pair is that of earlier versions."""

_STUDIES = ("comparison.json", "sweep.json")


def read_page(folder: Path) -> Page:
    """Return the page of the run or the study in a folder, made anew.

    Raises:
        RunError: the folder holds none, or its files are damaged, or the study has not ended.
    """
    from jinja2 import TemplateError

    found = next((folder / name for name in (*_STUDIES, *_TABLES) if (folder / name).is_file()), None)
    if found is None:
        if (folder / "run.json").is_file():
            return run_page(Run.open(folder))
        expected = ", ".join(("run.json", *_STUDIES, "table.json"))
        raise RunError(
            f"{folder}: holds no run and no finished study; expected one of {expected}. A study that has not "
            "ended goes on with its own command"
        )
    try:
        record = _read(found, found.read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            raise RunError(f"{found}: found {type(record).__name__}, expected an object")
        if found.name == "comparison.json":
            return comparison_page(record, folder)
        if found.name == "sweep.json":
            return sweep_page(record)
        lines = folder / _TABLES[found.name]
        if not lines.is_file():
            raise RunError(f"{lines}: no such file; a table of a space has it beside {found.name}")
        rows = [_read(lines, line) for line in lines.read_text(encoding="utf-8").splitlines()]
        return space_table_page(record, rows)
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError, TemplateError) as error:
        raise RunError(f"{found}: is no record of a study, or is damaged: {error!r}") from error


def _read(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise RunError(f"{path}: is no JSON: {error}") from error
