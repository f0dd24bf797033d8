"""The metrics of a trained run on its test split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nasframe.experiment import Experiment, as_experiment
from nasframe.network import cost_of
from nasframe.pipeline.baselines import score_baselines
from nasframe.pipeline.loading import load_experiment, load_run
from nasframe.pipeline.preparation import given, prepare
from nasframe.pipeline.scores import save_scores, undefined_scores
from nasframe.pipeline.trained_network import load_network, metrics_of_outputs, with_caveats_of_task
from nasframe.report import write_report
from nasframe.runs import Command, Run, claimed
from nasframe.runtime import SILENT, Progress, progress_of, without_nan, write_json
from nasframe.tasks import open_test_split, tuned_test_split
from nasframe.training import collect_outputs

__all__ = ["evaluate"]


def evaluate(
    run: Run | str | Path,
    *,
    experiment: Experiment | str | Path | None = None,
    source: str | Path | None = None,
    cache: str | Path | None = None,
    device: str | None = None,
    progress: Progress | bool | None = SILENT,
) -> dict[str, Any]:
    """Evaluate a trained run on its test split; no other step of a run opens it.

    Args:
        run: the run or its folder.
        experiment: the one that made the run, or the path of its TOML file; needed only where its task was
            made in Python.
        source: the user's data, if it has moved.
        cache: the folder of prepared data, where that of the run is none of this machine's; see `prepare`.
        device: where to compute; None is what the experiment says.
        progress: what to report to; True is what the command line shows, False and None are silent.

    Returns:
        The task's metrics, and `parameters` (of the searched network: projections, cells, head),
        `parameters_by_part`, `parameters_total` (with frozen networks in front of it), `multiply_adds` for
        one example, `architecture` (fingerprint), `converged`, `objective` (the metric that counts) and
        `baselines`: name → the same metrics of what the network is measured against. JSON-able; undefined
        metrics are None. `caveats`, sentences on what makes the metrics say less than they seem to, and
        `undefined_scores`, the names of examples without a score, are there where there are any.

    Raises:
        RunError: the run has not been trained, another process works in it, or the network, or one that it
            is measured against, gives outputs that are not finite.
        DataError: a number of the test split is not finite.
        ContractError: a metric is infinite.
    """
    progress = progress_of(progress)
    found = load_run(run)
    with claimed(found.path, command=Command("evaluate", given(source))):
        recorded = found.path if experiment is None else None
        experiment = load_experiment(found) if experiment is None else as_experiment(experiment)
        network, calibration, where = load_network(found, experiment, device)
        prepared = prepare(experiment, found, source, progress, cache=cache, recorded=recorded)
        found.take_up()
        known = open_test_split(experiment.task, prepared.data)
        tuned = tuned_test_split(experiment.task, prepared.folders, found.task_folder, where)
        test = known if tuned is None else tuned
        outputs, targets = collect_outputs(network, network, test, experiment.train.batch_size, where, "test")
        metrics = metrics_of_outputs(network, experiment, test, outputs, targets, calibration)
        metrics = with_caveats_of_task(metrics, experiment, network)
        scores = experiment.task.scores(outputs, test, calibration)
        undefined = undefined_scores(scores, test.identifiers)
        architecture = found.architecture
        cost = cost_of(architecture)
        result: dict[str, Any] = without_nan(
            {
                **metrics,
                "examples": len(test),
                "parameters": cost.parameters,
                "parameters_by_part": network.parameters_by_part(),
                "parameters_total": cost.parameters + experiment.task.frozen_parameters(found.task_folder),
                "multiply_adds": cost.multiply_adds,
                "architecture": architecture.fingerprint[:16],
                "converged": found.record.get("search", {}).get("converged"),
                "objective": experiment.task.objective,
                # they were trained behind the frozen networks, so what these see is their test
                "baselines": score_baselines(found, experiment, prepared.data, known, where, progress),
                **({"undefined_scores": undefined} if undefined else {}),
            }
        )
        save_scores(found, scores, test.identifiers)
        write_json(found.path / "test.json", result)
        write_report(found)
        return result
