"""Regularised evolution (Real, Aggarwal, Huang, Le 2019): a population from which the oldest dies."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from attrs import define, field, frozen

from nasframe.errors import ConfigurationError
from nasframe.options import option
from nasframe.runtime import derive_seed
from nasframe.searching.proposals.proposal_loop import Proposal, ProposalLoop, Proposer, Result, SearchProblem
from nasframe.space import mutated

__all__ = ["Evolution"]


@frozen
class Evolution(ProposalLoop):
    """Mutates the best of a sample of the population; the child joins it, and the oldest leaves it.

    The first architectures are drawn uniformly until the population is full. A network that was trained
    before is not trained again, so it counts as a trial and costs nothing.
    """

    trials: int = option(40, help="architectures that are tried, the first population among them", ge=1)
    population: int = option(10, help="architectures that live at the same time", ge=1)
    sample: int = option(3, help="members of the population among which the parent is the best one", ge=1)

    def __attrs_post_init__(self) -> None:
        if self.sample > self.population:
            raise ValueError(f"sample must be at most population ({self.population}), found {self.sample}")

    def check_options(self, epochs: int) -> None:
        if self.trials < self.population:
            raise ConfigurationError(
                "search",
                [
                    f"loop.trials: the first population has {self.population} architectures, and "
                    f"{self.trials} are to be tried; expected more, or a smaller loop.population"
                ],
            )

    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        self.check_options(problem.epochs)
        return _Generations(self, problem, seed)

    def most(self, problem: SearchProblem) -> int:
        return self.trials


@define
class _Generations(Proposer):
    """An evolution under way.

    Attributes:
        population: assignment and score of each, the oldest first.
    """

    loop: Evolution
    problem: SearchProblem
    seed: int
    proposed: int = 0
    population: list[tuple[dict[str, str], float]] = field(factory=list)

    def propose(self, count: int) -> Sequence[Proposal]:
        made: list[Proposal] = []
        first = self.loop.population
        while len(made) < count and self.proposed < self.loop.trials:
            if self.proposed >= first and len(self.population) < first:
                break  # parents are chosen from a whole population
            # a stream for each proposal, so that the state holds no random one
            source = random.Random(derive_seed(self.seed, "evolution", self.proposed))
            made.append(Proposal(self.proposed, self._next(source)))
            self.proposed += 1
        return made

    def _next(self, source: random.Random) -> dict[str, str]:
        if self.proposed < self.loop.population:
            return self.problem.space.sample(source)
        rivals = [source.choice(self.population) for _ in range(self.loop.sample)]
        parent, _ = max(rivals, key=lambda member: member[1])
        return mutated(self.problem.space, parent, source)

    def tell(self, results: Sequence[Result]) -> None:
        for result in results:
            self.population.append((dict(result.proposal.assignment), result.score))
        del self.population[: -self.loop.population]

    def state(self) -> Any:
        members = [
            # −∞ is no number of JSON
            {"assignment": assignment, "score": score if score > float("-inf") else None}
            for assignment, score in self.population
        ]
        return {"proposed": self.proposed, "population": members}

    def restore(self, state: Any) -> None:
        self.proposed = state["proposed"]
        self.population = [
            (dict(member["assignment"]), float("-inf") if member["score"] is None else member["score"])
            for member in state["population"]
        ]
