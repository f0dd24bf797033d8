"""Options that do not go together whatever the data is, refused before any is prepared for them."""

from __future__ import annotations

from nasframe.errors import ConfigurationError
from nasframe.experiment import Experiment
from nasframe.relaxations import check_relaxation
from nasframe.searching import GradientLoop, ProposalLoop, check_search_options

__all__ = ["check_plan"]


def check_plan(experiment: Experiment) -> None:
    """Refuse options of an experiment that do not go together.

    Raises:
        ConfigurationError: of the search, of its end, of its loop, or of the training.
        ContractError: the relaxation breaks its contract.
    """
    loop = experiment.loop
    if loop.relaxes:
        check_relaxation(experiment.relaxation)
    if isinstance(loop, GradientLoop):
        check_search_options(experiment.search, loop, experiment.train.epochs)
    if isinstance(loop, ProposalLoop):
        if experiment.train.inherit:
            why = f"the loop {experiment.names['loop']!r} trains no supernet whose weights could be inherited"
            raise ConfigurationError("search", [f"train.inherit: {why}"])
        loop.check(experiment.train.epochs)
