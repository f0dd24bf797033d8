"""A cell that is a whole run: search, train, evaluate."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasframe.api import run_experiment
from nasframe.experiment import Experiment
from nasframe.progress import Progress
from nasframe.studies.cells import Cell

__all__ = ["do_run", "run_cell"]


def run_cell(name: str, folder: Path, experiment: Experiment, source: Path | None) -> Cell:
    """The cell that makes a run of `experiment` in `folder`."""
    arguments = {
        "experiment": experiment.to_toml(),
        "source": None if source is None else str(source.resolve()),
    }
    return Cell(name, folder, "nasframe.studies.runs:do_run", arguments)


def do_run(folder: Path, arguments: Mapping[str, Any], progress: Progress) -> None:
    """What a worker does with such a cell."""
    experiment = Experiment.parse(tomllib.loads(arguments["experiment"]), str(folder))
    run_experiment(experiment, folder, source=arguments["source"], progress=progress)
