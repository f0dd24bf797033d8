"""A trial that trains some networks outside any run, and leaves one small file for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen
from torch import nn

from nasframe.errors import DataError, RunError, in_lines
from nasframe.experiment import Experiment
from nasframe.jobs import Trial, error_message, is_disk_full
from nasframe.pipeline import Prepared, prepare, train_alone
from nasframe.runtime import Progress, write_json
from nasframe.space import Architecture
from nasframe.studies.network_training.training_result import is_trained
from nasframe.studies.procedure import Study, make_trial, reading_experiment
from nasframe.tasks import named_baselines

__all__ = ["NetworkToTrain", "are_trained", "make_training_trial", "train_networks"]


@frozen
class NetworkToTrain:
    """One network to be trained.

    Attributes:
        name: of the network; one without an assignment is a baseline that is brought under that name.
        file: name of the file of its result, in the folder of the trial.
        assignment: that of an architecture of the experiment's space.
        source: the function of a plugin that brings the baseline, as `plugin:name`; "" for others.
        curves: score all its epochs; see `train_alone`.
    """

    name: str
    file: str
    assignment: Mapping[str, str] | None = field(default=None)
    source: str = ""
    curves: bool = False


def make_training_trial(
    name: str, folder: Path, experiment: Experiment, networks: Sequence[NetworkToTrain], study: Study
) -> Trial:
    """Return the trial that trains `networks` by `[train]` of an experiment.

    Args:
        name: of the trial.
        folder: for the results.
        experiment: its task, training options and seed.
        networks: to be trained.
        study: of which the trial is one.
    """
    wanted = [attrs.asdict(item, recurse=False) for item in networks]
    return make_trial(
        name, folder, train_networks, are_trained, experiment, study, shares_folder=True, networks=wanted
    )


def are_trained(folder: Path, arguments: Mapping[str, Any]) -> bool:
    """Return True where every network of such a trial has been trained."""
    return all(is_trained(folder / item["file"], item.get("curves", False)) for item in arguments["networks"])


def train_networks(folder: Path, arguments: Mapping[str, Any], progress: Progress) -> None:
    """Train the networks of such a trial. A network that fails does not stop the others.

    Raises:
        RunError: names the networks that failed, after the others have been trained.
    """
    wanted = [NetworkToTrain(**item) for item in arguments["networks"]]
    missing = [item for item in wanted if not is_trained(folder / item.file, item.curves)]
    if not missing:
        return
    with reading_experiment(folder, arguments) as experiment:
        prepared = prepare(experiment, None, arguments["source"], progress)
        failed = _train(missing, folder, experiment, prepared, progress)
    if failed:
        raise RunError(in_lines(*failed))


def _train(
    missing: Sequence[NetworkToTrain],
    folder: Path,
    experiment: Experiment,
    prepared: Prepared,
    progress: Progress,
) -> list[str]:
    """Train networks, write their results, and return the messages of those that failed."""
    failed = []
    for item in progress.track(missing, folder.name, len(missing)):
        try:
            what = _network(item, experiment, prepared)
            found = train_alone(what, item.name, experiment, prepared, progress, curves=item.curves)
        except (Exception, SystemExit) as error:  # of the user's plugins, too
            if is_disk_full(error, folder):
                raise
            failed.append(f"{item.name}: {error_message(error)}")
            continue
        of = what.fingerprint[:16] if isinstance(what, Architecture) else None
        identity = {"name": item.name, "fingerprint": of, "assignment": item.assignment}
        identity |= {"registered": item.source} if item.source else {}
        data = prepared.record["fingerprint"]
        write_json(folder / item.file, {**identity, **found, "data": data})
    return failed


def _network(
    item: NetworkToTrain, experiment: Experiment, prepared: Prepared
) -> Architecture | Callable[[], nn.Module]:
    data = prepared.data
    if item.assignment is not None:
        return Architecture(experiment.space.build(data.inputs, data.outputs), item.assignment)
    task = None if item.source else experiment.task
    networks = named_baselines(task, [item.source] if item.source else [], data)
    for found in networks:
        if found.name == item.name:
            return found.baseline
    raise DataError(f"{item.source or 'the task'} brings no baseline {item.name!r}")
