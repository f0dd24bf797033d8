"""Options that do not go together whatever the data is, refused before any is prepared for them."""

from __future__ import annotations

from nasframe.errors import ConfigurationError
from nasframe.experiment import Experiment
from nasframe.relaxations import check_relaxation
from nasframe.searching import GradientLoop, ProposalLoop, check_loop_options, check_search_options

__all__ = ["check_plan"]


def check_plan(experiment: Experiment, *, trains: bool = True) -> None:
    """Refuse options of an experiment that do not go together.

    Args:
        experiment: to be searched.
        trains: False where a loop that proposes gets its scores from a table, not from trainings.

    Raises:
        ConfigurationError: options of the search, the loop or the training contradict each other.
        ContractError: the relaxation or the loop breaks its contract.
    """
    loop = experiment.loop
    if loop.relaxes:
        check_relaxation(experiment.relaxation)
    if isinstance(loop, GradientLoop):
        check_search_options(experiment.search, loop, experiment.train.epochs)
    if isinstance(loop, ProposalLoop) and trains:
        if experiment.train.inherit:
            why = f"the loop {experiment.names['loop']!r} trains no supernet whose weights could be inherited"
            raise ConfigurationError("search", [f"train.inherit: {why}"])
        check_loop_options(loop, experiment.train.epochs)
