"""Doing the cells of a study."""

from __future__ import annotations

import functools
import importlib
import time
from collections.abc import Sequence
from pathlib import Path

from nasframe.errors import NasframeError
from nasframe.progress import Progress
from nasframe.studies.cells import Cell, Outcome

__all__ = ["execute"]


def execute(
    cells: Sequence[Cell], folder: Path, *, workers: int = 1, progress: Progress | None = None
) -> dict[str, Outcome]:
    """Do every cell that is not done; one that fails does not stop the others.

    Args:
        cells: of the study.
        folder: of the study.
        workers: processes.
        progress: what to report to.

    Returns:
        Name of a cell → how it ended.
    """
    shown = progress or Progress()
    outcomes = {}
    for cell in shown.track(cells, "cells", len(cells)):
        started = time.monotonic()
        module, _, name = cell.work.partition(":")
        work = functools.reduce(getattr, name.split("."), importlib.import_module(module))
        try:
            work(cell.folder, cell.arguments, Progress())
        except NasframeError as error:
            outcomes[cell.name] = Outcome("failed", str(error), time.monotonic() - started)
        else:
            outcomes[cell.name] = Outcome("done", "", time.monotonic() - started)
    return outcomes
