"""The scores that a trained run gives to files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
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

    A result with a number that is not finite, such as a score, becomes an error: it supports no decision.

    Raises:
        RunError: the run has not been trained; at the call, before the first file.
    """
    found = load_run(run)
    experiment = load_experiment(found)
    network, calibration, where = load_network(found, experiment, device)
    paths = [Path(file) for file in files]
    answers = experiment.task.predict(network.eval(), paths, found.task_folder, calibration, where)
    return progress.track(map(_decided, answers), "predict", len(paths))


def _decided(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record, or an error in its place where its score, or a number of it, is not finite."""
    if "error" in record:
        return record
    undefined = [
        name for name, value in record.items() if not _is_finite(value) or (name == "score" and value is None)
    ]
    if not undefined:
        return record
    found = ", ".join(f"{name} {record[name]!r}" for name in undefined)
    return {"file": record["file"], "error": f"no decision, because a number is not finite: {found}"}


def _is_finite(value: Any) -> bool:
    """Return False where a NaN or an infinity is in the value."""
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
