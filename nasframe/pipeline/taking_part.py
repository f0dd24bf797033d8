"""The part of a search that falls to a process which is not the first: its epochs, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.experiment import Experiment
from nasframe.pipeline.candidate_training import CandidateTraining
from nasframe.pipeline.engines import search_engine
from nasframe.pipeline.preparation import Prepared
from nasframe.processes import Processes
from nasframe.runtime import SILENT
from nasframe.tasks import checked_data

__all__ = ["call_of", "take_part"]


def call_of(experiment: Experiment, prepared: Prepared) -> dict[str, Any]:
    """Return what the first process tells the others when its search begins; JSON-able."""
    return {
        "experiment": experiment.fingerprint(),
        "folders": {name: str(path.resolve()) for name, path in prepared.folders.items()},
        "record": dict(prepared.record),
    }


def take_part(experiment: Experiment, group: Processes) -> None:
    """Await the search of the first process, make its epochs with it, and write nothing.

    Args:
        experiment: that of the first process.
        group: of both.

    Raises:
        RunError: the first process has another experiment, or a process has ended.
    """
    call = group.await_call()
    if call is None:
        return  # its search is done already
    if call["experiment"] != experiment.fingerprint():
        raise RunError(
            f"process {group.rank} of {group.count} has another experiment than process 0; give all the same "
            "file, options and plugins"
        )
    prepared = _prepared(experiment, call)
    with closing(CandidateTraining(experiment, prepared, Path())) as candidates:
        search_engine(experiment, prepared, candidates, None, SILENT, group).take_part()


def _prepared(experiment: Experiment, call: Mapping[str, Any]) -> Prepared:
    folders = {name: Path(path) for name, path in call["folders"].items()}
    return Prepared(checked_data(experiment.task, folders), folders, call["record"])
