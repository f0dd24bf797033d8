"""The network of a trained run in files for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import ContractError
from nasframe.exporting import write_exported
from nasframe.pipeline.loading import load_experiment, load_run
from nasframe.pipeline.trained_network import load_network
from nasframe.runs import Run
from nasframe.runtime import SILENT, Progress, progress_of
from nasframe.tasks import Exported

__all__ = ["export"]


def export(
    run: Run | str | Path,
    out: str | Path,
    *,
    formats: Sequence[str] | None = None,
    overwrite: bool = False,
    progress: Progress | bool | None = SILENT,
) -> dict[str, Any]:
    """Write the network of a trained run, with the front that its task adds, for programs without nasframe.

    The folder holds `network.safetensors` (the weights), `network.pt2` (`torch.export`), `network.onnx`, and
    `network.json`, which says inputs, outputs, settings and the largest difference of each file from the
    network. Every file takes batches of any size.

    Args:
        run: that was trained.
        out: the folder; missing or empty.
        formats: of `safetensors`, `pt2`, `onnx`; None for all whose packages are installed.
        overwrite: replace an export that is there.
        progress: to report to; True is what the command line shows, False and None are silent.

    Returns:
        the content of `network.json`.

    Raises:
        RunError: the run has not been trained, or is damaged; the folder holds something else; torch cannot
            export the network; a file differs by more than 1e-5. Nothing is written then.
        MissingExtraError: `onnx` was named, and its packages are not installed.
    """
    progress = progress_of(progress)
    found = load_run(run)
    experiment = load_experiment(found)
    network, calibration, _ = load_network(found, experiment, "cpu")
    task = experiment.task
    exported = task.exported(network.eval(), found.task_folder, calibration)
    if not isinstance(exported, Exported):
        raise ContractError(
            f"task {type(task).__name__} breaks the contract of nasframe.Task: exported must return an "
            f"Exported, found {exported!r}"
        )
    facts = {"architecture": found.architecture.to_dict()}
    return write_exported(exported, Path(out), facts, formats=formats, overwrite=overwrite, progress=progress)
