"""What a trained run is for: its metrics on the test split, and the scores of files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from nasframe.errors import RunError
from nasframe.experiment import Experiment, resolve_device
from nasframe.network import Network, build, cost_of
from nasframe.pipeline.architecture_search import SILENT
from nasframe.pipeline.baselines import score_baselines
from nasframe.pipeline.loading import load_experiment, load_run
from nasframe.pipeline.preparation import prepare
from nasframe.pipeline.scores import save_scores
from nasframe.pipeline.trained import calibration_of
from nasframe.report import write_report
from nasframe.runs import Run, claimed, load_checkpoint
from nasframe.runtime import Progress, without_nan, write_json
from nasframe.training import collect_outputs

__all__ = ["evaluate", "evaluate_in", "predict"]


def evaluate(
    run: Run | str | Path,
    *,
    experiment: Experiment | None = None,
    source: str | Path | None = None,
    device: str | None = None,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Metrics of a trained run on its test split; the only function that opens it.

    Args:
        run: the run or its folder.
        experiment: the one that made the run; needed only where its task was made in Python.
        source: the user's data, if it has moved.
        device: where to compute; None is what the experiment says.
        progress: what to report to.

    Returns:
        The task's metrics, and `parameters` (of the searched network: projections, cells, head),
        `parameters_by_part`, `parameters_total` (with frozen networks in front of it), `multiply_adds` for
        one example, `architecture` (fingerprint), `converged`, `objective` (the metric that counts) and
        `baselines`: name → the same metrics of what the network is measured against. JSON-able; undefined
        metrics are None.

    Raises:
        RunError: the run has not been trained, or another process works in it.
    """
    found = load_run(run)
    with claimed(found.path):
        return evaluate_in(found, experiment or load_experiment(found), source, device, progress)


def evaluate_in(
    run: Run, experiment: Experiment, source: str | Path | None, device: str | None, progress: Progress
) -> dict[str, Any]:
    """`evaluate` in a folder that this process has claimed."""
    network, calibration, where = _load_network(run, experiment, device)
    prepared = prepare(experiment, run, source, progress)
    test = prepared.data.splits.test()
    outputs, _ = collect_outputs(network, network, test, experiment.train.batch_size, where)
    architecture = run.architecture
    cost = cost_of(architecture)
    result: dict[str, Any] = without_nan(
        {
            **experiment.task.evaluate(outputs, test, calibration),
            "examples": len(test),
            "parameters": cost.parameters,
            "parameters_by_part": network.parameters_by_part(),
            "parameters_total": cost.parameters + experiment.task.frozen_parameters(run.task_folder),
            "multiply_adds": cost.multiply_adds,
            "architecture": architecture.fingerprint[:16],
            "converged": run.record.get("search", {}).get("converged"),
            "objective": experiment.task.objective,
            "baselines": score_baselines(run, experiment, prepared.data, test, where, progress),
        }
    )
    save_scores(run, experiment.task.scores(outputs, test, calibration), test.identifiers)
    write_json(run.path / "test.json", result)
    write_report(run)
    return result


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
    network, calibration, where = _load_network(found, experiment, device)
    paths = [Path(file) for file in files]
    answers = experiment.task.predict(network.eval(), paths, found.task_folder, calibration, where)
    return progress.track(answers, "predict", len(paths))


def _load_network(
    run: Run, experiment: Experiment, device: str | None
) -> tuple[Network, dict[str, float], torch.device]:
    where = experiment.torch_device() if device is None else resolve_device(device)
    remedy = f"go on with `nasframe train {run.path}`"
    try:
        found = load_checkpoint(run.checkpoints, "network", where)
    except RunError as error:
        raise RunError(f"{error}; {remedy}") from error
    if found is None:
        raise RunError(f"{run.path}: has no trained network yet; {remedy}")
    architecture = run.architecture
    if found.values.get("key") != architecture.fingerprint:
        raise RunError(
            f"{run.path}: its trained network belongs to another architecture than architecture.json; "
            f"{remedy} --overwrite"
        )
    network = build(architecture)
    network.load_state_dict(dict(found.tensors))
    return network.to(where), calibration_of(found), where
