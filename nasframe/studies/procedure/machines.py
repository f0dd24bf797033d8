"""The machines that computed a study: those of its runs, or the one that it was called on."""

from __future__ import annotations

import contextlib
from typing import Any

from nasframe.errors import NasframeError
from nasframe.runs import Run
from nasframe.studies.folder import StudyFolder

__all__ = ["machines_of"]


def machines_of(folder: StudyFolder) -> list[dict[str, Any]]:
    """Return the machine of each trial that is a run, each one once; see `machine_record`.

    Of a study without such trials, those that it was called on. A study of an older version has none.
    """
    found: list[dict[str, Any]] = []
    for file in sorted(folder.trial_folder("").glob("*/run.json")):
        with contextlib.suppress(NasframeError):  # its trial has failed, and says why
            found += Run.open(file.parent).record.get("machines", [])
    found = found or folder.record.get("machines", [])
    return [machine for place, machine in enumerate(found) if machine not in found[:place]]
