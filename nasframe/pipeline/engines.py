"""The engines of the steps: the search, and the training of one network, as an experiment sets them up."""

from __future__ import annotations

import platform
from typing import Any

import torch
from torch import nn

from nasframe import __version__
from nasframe.errors import SpaceError
from nasframe.experiment import Experiment
from nasframe.network import Network
from nasframe.pipeline.preparation import Prepared
from nasframe.runs import Run
from nasframe.runtime import Progress
from nasframe.searching import Search
from nasframe.space import check_space
from nasframe.supernet import check_operations
from nasframe.tasks import Data
from nasframe.training import Training

__all__ = ["check_built_network", "search_engine", "training_engine"]


def search_engine(experiment: Experiment, prepared: Prepared, run: Run | None, progress: Progress) -> Search:
    """Return the search of an experiment; with `run` None it writes nothing.

    Raises:
        SpaceError: the space cannot be searched, or no architecture of it can be saved in the run.
    """
    space, again = (experiment.space.build(prepared.data.inputs, prepared.data.outputs) for _ in range(2))
    check_space(space, again)
    if run is not None and space.origin is None:
        raise SpaceError(
            f"search space {experiment.names['space']!r} is not registered, so no architecture of it can be "
            "saved; register it as a plugin, or search without a run folder"
        )
    return Search(
        space=space,
        task=experiment.task,
        data=prepared.data,
        relaxation=experiment.relaxation,
        loop=experiment.loop,
        options=experiment.search,
        seed=experiment.seed,
        device=experiment.torch_device(),
        run=run,
        progress=progress,
        provenance=_provenance(experiment, prepared),
    )


def check_built_network(network: Network, experiment: Experiment, data: Data) -> None:
    """Run the operations of a network that was built, before it is trained; see `check_operations`."""
    size, examples = experiment.train.batch_size, len(data.splits.weights)
    alone = size == 1 or examples % size == 1
    check_operations(network, size, alone=alone, device=experiment.torch_device())


def training_engine(
    network: nn.Module,
    experiment: Experiment,
    data: Data,
    progress: Progress,
    *,
    run: Run | None = None,
    name: str = "train",
    key: str = "",
) -> Training:
    """Return the training of a network by `[train]`; with `run` None it writes nothing. See `Training`."""
    return Training(
        network=network,
        task=experiment.task,
        data=data,
        options=experiment.train,
        seed=experiment.seed,
        device=experiment.torch_device(),
        run=run,
        progress=progress,
        name=name,
        key=key,
    )


def _provenance(experiment: Experiment, prepared: Prepared) -> dict[str, Any]:
    return {
        "relaxation": experiment.names["relaxation"],
        "loop": experiment.names["loop"],
        "task": experiment.names["task"],
        "seed": experiment.seed,
        "experiment": experiment.fingerprint(),
        "data": prepared.record["fingerprint"],
        "versions": {
            "nasframe": __version__,
            "torch": str(torch.__version__),
            "python": platform.python_version(),
        },
    }
