"""The loops: their options, and the sampler of Optuna that each one uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from attrs import frozen
from optuna.samplers import NSGAIISampler, TPESampler

from nasframe import ProposalLoop, Proposer, Result, SearchProblem
from nasframe.errors import ConfigurationError
from nasframe.options import option
from nasframe.runtime import derive_seed
from nasframe_optuna.ask_and_tell import Asking

__all__ = ["NonDominatedSorting", "TreeParzen"]

_DIRECTIONS: Sequence[Literal["maximize", "minimize"]] = ("maximize", "minimize", "minimize")
_LARGEST = 2**32  # seeds of numpy are below it


@frozen
class TreeParzen(ProposalLoop):
    """Tree-structured Parzen estimator (Bergstra et al. 2011): candidates that good architectures have."""

    trials: int = option(40, help="architectures that are tried", ge=1)
    startup: int = option(10, help="first architectures, which are drawn at random", ge=0)
    draws: int = option(24, help="draws of a choice, of which the most promising is taken", ge=1)

    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        sampler = TPESampler(
            n_startup_trials=self.startup,
            n_ei_candidates=self.draws,
            seed=derive_seed(seed, "tpe") % _LARGEST,
        )
        return Asking(problem, sampler, ["maximize"], lambda result: [result.score], self.trials)

    def most(self, problem: SearchProblem) -> int:
        return self.trials


@frozen
class NonDominatedSorting(ProposalLoop):
    """NSGA-II (Deb et al. 2002): score, parameters and multiply-adds together.

    The report draws the front of the architectures of which no other is better in both. The one with the best
    score is trained in the end.
    """

    trials: int = option(40, help="architectures that are tried", ge=1)
    population: int = option(12, help="architectures of a generation", ge=2)

    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        if self.trials < self.population:
            why = f"a generation has {self.population} architectures (loop.population)"
            raise ConfigurationError("search", [f"loop.trials: {why}, and {self.trials} are to be tried"])
        sampler = NSGAIISampler(population_size=self.population, seed=derive_seed(seed, "nsga2") % _LARGEST)
        return Asking(problem, sampler, _DIRECTIONS, _objectives, self.trials, asks_inactive=True)

    def most(self, problem: SearchProblem) -> int:
        return self.trials


def _objectives(result: Result) -> list[float]:
    return [result.score, float(result.parameters), float(result.multiply_adds)]
