"""The engines of the steps: the search, and the training of one network, as an experiment sets them up."""

from __future__ import annotations

import platform
from typing import Any

import torch
from torch import nn

from nasframe import __version__
from nasframe.errors import SpaceError
from nasframe.experiment import Experiment
from nasframe.network import Network, build
from nasframe.pipeline.preparation import Prepared
from nasframe.processes import ALONE, Group
from nasframe.runs import Run
from nasframe.runtime import Progress, random_states_kept
from nasframe.searching import (
    CandidateTrainer,
    GradientLoop,
    ProposalLoop,
    ProposalSearch,
    Search,
    SearchProblem,
    Train,
)
from nasframe.space import Architecture, SearchSpace, check_space
from nasframe.supernet import check_operations
from nasframe.tasks import Data, OwnLoss, Task, checked_caveats
from nasframe.training import Training

__all__ = ["check_built_network", "check_caveats", "proposal_engine", "search_engine", "training_engine"]


def search_engine(
    experiment: Experiment,
    prepared: Prepared,
    trainer: CandidateTrainer | None,
    run: Run | None,
    progress: Progress,
    group: Group = ALONE,
) -> Search:
    """Return the search of an experiment; with `run` None it writes nothing.

    Args:
        trainer: of finalists; None where there are none.
        group: of the processes that search together.

    Raises:
        SpaceError: the space cannot be searched, or no architecture of it can be saved in the run.
    """
    assert isinstance(experiment.loop, GradientLoop)
    return Search(
        space=_space(experiment, prepared, run),
        task=experiment.task,
        data=prepared.data,
        relaxation=experiment.relaxation,
        loop=experiment.loop,
        options=experiment.search,
        seed=experiment.seed,
        device=group.device(experiment.torch_device()),
        run=run,
        progress=progress,
        provenance=_provenance(experiment, prepared),
        trainer=trainer,
        group=group,
    )


def proposal_engine(
    experiment: Experiment, prepared: Prepared, train: Train, run: Run | None, progress: Progress
) -> ProposalSearch:
    """Return the search of an experiment whose loop proposes architectures.

    Args:
        train: trains what is proposed.

    Raises:
        SpaceError: see `search_engine`.
        ConfigurationError: the options of the loop do not fit the space.
    """
    assert isinstance(experiment.loop, ProposalLoop)
    return ProposalSearch(
        problem=SearchProblem(_space(experiment, prepared, run), experiment.train.epochs),
        loop=experiment.loop,
        train=train,
        seed=experiment.seed,
        run=run,
        progress=progress,
        provenance=_provenance(experiment, prepared),
    )


def _space(experiment: Experiment, prepared: Prepared, run: Run | None) -> SearchSpace:
    """Return the space to be searched, checked."""
    space, again = (experiment.space.build(prepared.data.inputs, prepared.data.outputs) for _ in range(2))
    check_space(space, again)
    if run is not None and space.origin is None:
        raise SpaceError(
            f"search space {experiment.names['space']!r} is not registered, so no architecture of it can be "
            "saved; register it as a plugin, or search without a run folder"
        )
    return space


def check_built_network(network: Network, experiment: Experiment, data: Data) -> None:
    """Run the operations of a network that was built, before it is trained; see `check_operations`."""
    size, examples = experiment.train.batch_size, len(data.splits.weights)
    alone = size == 1 or examples % size == 1
    check_operations(network, size, alone=alone, device=experiment.torch_device())


def check_caveats(architecture: Architecture, experiment: Experiment) -> None:
    """Ask a task for its sentences on an untrained network, before the work and not after hours of it.

    Args:
        architecture: any of the space.
        experiment: whose task is asked.

    Raises:
        ContractError: it says something else than sentences, or fails.
    """
    if type(experiment.task).caveats is Task.caveats:
        return
    with random_states_kept():
        checked_caveats(experiment.task, build(architecture, seed=experiment.seed))


def training_engine(
    network: nn.Module,
    experiment: Experiment,
    data: Data,
    progress: Progress,
    *,
    run: Run | None = None,
    name: str = "train",
    key: str = "",
    own_loss: OwnLoss | None = None,
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
        own_loss=own_loss,
    )


def _provenance(experiment: Experiment, prepared: Prepared) -> dict[str, Any]:
    return {
        **(
            {"relaxation": experiment.names["relaxation"]}
            if experiment.loop.relaxes
            else {}  # no relaxation has a part in it
        ),
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
