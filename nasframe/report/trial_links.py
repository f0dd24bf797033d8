"""Links between the page of a study and those of its trials, which are runs in its folder."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve

from nasframe.display import Table
from nasframe.errors import RunError
from nasframe.report.page import PAGE, link_to
from nasframe.runtime import path_inside

__all__ = ["TRIAL_FOLDERS", "link_to_study", "linked_to_trials"]

TRIAL_FOLDERS = ("trials", "cells")
"""Names of the folder of the trials, now and in earlier versions."""


def linked_to_trials(tables: Sequence[Table], data: Mapping[str, Any], folder: Path | None) -> list[Table]:
    """Return the tables, with the rows of `trials` linked to the pages that lie in the folder of the study.

    Args:
        tables: of the study.
        data: its record.
        folder: None for no links.
    """
    links: dict[int, str] = {}
    for place, trial in enumerate(data["trials"] if folder is not None else ()):
        assert folder is not None
        name = trial.get("folder") or ""
        with contextlib.suppress(RunError):  # a record may name any folder
            if path_inside(folder, f"{name}/{PAGE}", "folder").is_file():
                links[place] = link_to(name)
    return [evolve(table, links=links) if table.name == "trials" else table for table in tables]


def link_to_study(run: Path) -> dict[str, str]:
    """Return the link from the page of a run to that of its study; none where it is no trial of one."""
    place = run.absolute().parent
    if place.name in TRIAL_FOLDERS and (place.parent / "study.json").is_file():
        return {f"../../{PAGE}": f"The study {place.parent.name}"}
    return {}
