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
from nasframe.pipeline import Prepared, prepare, read_experiment, train_alone
from nasframe.runtime import (
    ANYTHING,
    MAX_EXACT_INTEGER,
    Each,
    Fields,
    Items,
    Nullable,
    Number,
    Progress,
    Text,
    read_json,
    write_json,
)
from nasframe.space import Architecture
from nasframe.studies.folder import reading_names
from nasframe.studies.procedure import Study
from nasframe.tasks import named_baselines

__all__ = ["NetworkToTrain", "are_trained", "make_training_trial", "read_trained_network", "train_networks"]


_COUNT = Nullable(Number(0, MAX_EXACT_INTEGER, whole=True))
_TRAINED = Fields(
    {
        "name": Text(),
        "validation": Each(Nullable(Number())),
        "test": Each(ANYTHING),
        "data": Text(),
    },
    {
        "fingerprint": Nullable(Text()),
        "assignment": Nullable(Each(Text())),
        "registered": Text(),
        "parameters": _COUNT,
        "multiply_adds": _COUNT,
        "best_epoch": Number(0, 10**9, whole=True),
        "seed": Number(0, whole=True),
        "seconds": Number(0),
        "curves": Each(Each(Items(Nullable(Number())))),
    },
)


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
    arguments = {
        **study.arguments(experiment),
        "networks": [attrs.asdict(item, recurse=False) for item in networks],
    }
    module = "nasframe.studies.training_trial"
    return Trial(name, folder, f"{module}:train_networks", arguments, done=f"{module}:are_trained")


def are_trained(folder: Path, arguments: Mapping[str, Any]) -> bool:
    """Return True where every network of such a trial has been trained."""
    return all(_is_whole(folder / item["file"], item.get("curves", False)) for item in arguments["networks"])


def train_networks(folder: Path, arguments: Mapping[str, Any], progress: Progress) -> None:
    """Train the networks of such a trial. A network that fails does not stop the others.

    Raises:
        RunError: names the networks that failed, after the others have been trained.
    """
    wanted = [NetworkToTrain(**item) for item in arguments["networks"]]
    missing = [item for item in wanted if not _is_whole(folder / item.file, item.curves)]
    if not missing:
        return
    with reading_names(arguments):
        failed = _train(missing, folder, arguments, progress)
    if failed:
        raise RunError(in_lines(*failed))


def _train(
    missing: Sequence[NetworkToTrain], folder: Path, arguments: Mapping[str, Any], progress: Progress
) -> list[str]:
    """Train networks, write their results, and return the messages of those that failed."""
    experiment = read_experiment(arguments, str(folder))
    prepared = prepare(experiment, None, arguments["source"], progress)
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


def _is_whole(file: Path, curves: bool) -> bool:
    """Return True where a network has been trained. One of an older version has no curves."""
    if not curves:
        return file.exists()
    try:
        found = read_trained_network(file)
    except RunError:  # the trial will fail with the reason
        return False
    return found is not None and "curves" in found


def read_trained_network(file: Path) -> dict[str, Any] | None:
    """Return the result of a network; None where it has not been trained yet.

    It holds its `name`, the `fingerprint` and `assignment` of its architecture (None where it has none), the
    function that a plugin `registered` for it, if one did, all that `train_alone` returns, and the
    fingerprint of the `data`.

    Raises:
        RunError: the file is damaged.
    """
    if not file.exists():
        return None
    found: dict[str, Any] = read_json(
        file, _TRAINED, lambda message: RunError(f"{message}; remove the file, and it is made again")
    )
    return found


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
            return found.baseline.make
    raise DataError(f"{item.source or 'the task'} brings no baseline {item.name!r}")
