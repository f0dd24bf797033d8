"""The scores that a trained run gives to files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nasframe.pipeline.loading import load_experiment, load_run
from nasframe.pipeline.trained_network import load_network
from nasframe.runs import Run
from nasframe.runtime import SILENT, Progress

__all__ = ["predict"]


def predict(
    run: Run | str | Path,
    files: Sequence[str | Path],
    *,
    device: str | None = None,
    progress: Progress = SILENT,
) -> Iterator[dict[str, Any]]:
    """Score files with a trained run: one dictionary a file, in order, with the result or an `error`.

    Raises:
        RunError: the run has not been trained; at the call, before the first file.
    """
    found = load_run(run)
    experiment = load_experiment(found)
    network, calibration, where = load_network(found, experiment, device)
    paths = [Path(file) for file in files]
    answers = experiment.task.predict(network.eval(), paths, found.task_folder, calibration, where)
    return progress.track(answers, "predict", len(paths))
