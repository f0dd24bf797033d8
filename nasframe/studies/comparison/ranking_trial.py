"""A trial that scores architectures of a table in the supernet of a run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from nasframe.errors import NasframeError, RunError
from nasframe.experiment import Experiment
from nasframe.jobs import Trial
from nasframe.pipeline import load_supernet, prepare
from nasframe.runs import Run, claimed
from nasframe.runtime import (
    Each,
    Fields,
    Nullable,
    Number,
    Progress,
    Text,
    read_json,
    without_nan,
    write_json,
)
from nasframe.studies.procedure import Study, make_trial, reading_experiment
from nasframe.tables import TabularBenchmark
from nasframe.tasks import checked_metrics
from nasframe.training import OutputError, collect_outputs

__all__ = ["RANKED", "do_ranking", "is_ranked", "make_ranking_trial", "read_ranking"]

RANKED = 200
"""The most architectures of a table that each supernet scores."""

_FILE = "supernet.json"
_RANKING = Fields({"run": Text(), "scores": Each(Nullable(Number()))})


def make_ranking_trial(
    name: str, folder: Path, run: Path, experiment: Experiment, table: TabularBenchmark, study: Study
) -> Trial:
    """Return the trial that scores architectures of a table in the supernet of a run of an experiment."""
    pairs = zip(table.rows, table.listed, strict=True)
    rows = [row for row, entry in pairs if entry.architecture is None][:RANKED]
    return make_trial(
        name,
        folder,
        do_ranking,
        is_ranked,
        experiment,
        study,
        reads=["run"],
        run=str(run),
        objective=table.record["objective"],
        assignments={row["fingerprint"]: row["assignment"] for row in rows},
    )


def is_ranked(folder: Path, arguments: Mapping[str, Any]) -> bool:
    """Return True where such a trial has been done with the present supernet."""
    try:
        return read_ranking(Trial("", folder, "", arguments)) is not None
    except NasframeError:  # the trial will fail with the reason
        return False


def read_ranking(trial: Trial) -> dict[str, float | None] | None:
    """Return architecture → score in the supernet; None where some are missing."""
    try:
        found: dict[str, Any] = read_json(trial.folder / _FILE, _RANKING)
    except RunError:  # it is made again
        return None
    run, wanted = Run.open(trial.arguments["run"]), trial.arguments["assignments"]
    if found.get("run") != _search_of(run) or not wanted.keys() <= found["scores"].keys():
        return None
    return {name: found["scores"][name] for name in wanted}


def do_ranking(folder: Path, arguments: Mapping[str, Any], progress: Progress) -> None:
    """Score architectures in a supernet, with one-hot weights, on the validation split.

    Raises:
        RunError: the run has no supernet.
        ContractError: a metric is infinite.
    """
    with reading_experiment(folder, arguments) as experiment:
        _rank(folder, experiment, arguments, progress)


def _rank(folder: Path, experiment: Experiment, arguments: Mapping[str, Any], progress: Progress) -> None:
    run = Run.open(arguments["run"])
    with claimed(run.path):
        supernet = load_supernet(run)
        prepared = prepare(experiment, run, None, progress)
    device, split = experiment.torch_device(), prepared.data.splits.validation
    supernet.to(device)
    scores = {}
    assignments = arguments["assignments"]
    for name, assignment in progress.track(assignments.items(), "supernet", len(assignments)):
        forward = partial(supernet, weights=supernet.logits.one_hot(assignment))
        try:
            outputs, targets = collect_outputs(
                supernet, forward, split, experiment.search.batch_size, device, "validation"
            )
        except OutputError:  # this architecture has no score in this supernet
            scores[name] = math.nan
            continue
        scores[name] = checked_metrics(experiment.task, outputs, targets)[arguments["objective"]]
    write_json(folder / _FILE, without_nan({"run": _search_of(run), "scores": scores}))


def _search_of(run: Run) -> str:
    """Return the fingerprint of the inputs of a run's search."""
    done = run.record["done"].get("search")
    if done is None:
        raise RunError(f"{run.path}: its search has not ended, so there is no supernet to ask")
    return str(done["inputs"])
