"""Successive halving (Jamieson, Talwalkar 2016): many short trainings, of which the best go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
from attrs import define, field, frozen

from nasframe.errors import ConfigurationError
from nasframe.options import option
from nasframe.searching.proposal_loop import Proposal, ProposalLoop, Proposer, Result, SearchProblem
from nasframe.searching.random_search import RandomSearch, check_enough

__all__ = ["Rung", "SuccessiveHalving"]


@frozen
class Rung:
    """One rung: the number of candidates on it, and the epochs to which each is trained."""

    candidates: int
    epochs: int


@frozen
class SuccessiveHalving(ProposalLoop):
    """Trains many random architectures for a few epochs, and goes on with the best of them.

    With n candidates, a full training of R epochs and s + 1 rungs, rung i holds ⌊n η⁻ⁱ⌋ candidates, each
    trained to R ηⁱ⁻ˢ epochs, rounded: the inner loop of Hyperband (Li et al. 2017, algorithm 1). A candidate
    keeps the schedule of the full training, so a rung reads the beginning of the curve that a full training
    has.
    """

    candidates: int = option(27, help="architectures on the first rung", ge=1)
    eta: int = option(3, help="one of so many goes on to the next rung, for so many times the epochs", ge=2)
    least: int = option(1, help="least epochs of the first rung", ge=1)

    def rungs(self, epochs: int) -> list[Rung]:
        """Return the rungs for full trainings of so many epochs; the last one trains to the end.

        Example:
            >>> from nasframe.searching import SuccessiveHalving
            >>> [(rung.candidates, rung.epochs) for rung in SuccessiveHalving(candidates=27).rungs(27)]
            [(27, 1), (9, 3), (3, 9), (1, 27)]
        """
        last = 0
        while self.candidates // self.eta ** (last + 1) and epochs >= self.least * self.eta ** (last + 1):
            last += 1
        return [
            Rung(self.candidates // self.eta**place, round(epochs / self.eta ** (last - place)))
            for place in range(last + 1)
        ]

    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        check_enough("candidates", self.candidates, problem)
        if self.least > problem.epochs:
            raise ConfigurationError(
                "search",
                [
                    f"loop.least: the first rung has at least {self.least} epochs, and a full training has "
                    f"{problem.epochs} (train.epochs)"
                ],
            )
        draws = RandomSearch(trials=self.candidates).start(problem, seed)
        drawn = [dict(item.assignment) for item in draws.propose(self.candidates)]
        return _Rungs(self.rungs(problem.epochs), drawn)

    def most(self, problem: SearchProblem) -> int:
        return sum(rung.candidates for rung in self.rungs(problem.epochs))


@define
class _Rungs(Proposer):
    """Attributes:
    candidates: on the present rung.
    place: index of that rung.
    asked: how many of them were proposed on it.
    scores: of those of them that were told.
    proposed: in all.
    """

    rungs: Sequence[Rung]
    candidates: list[dict[str, str]]
    place: int = 0
    asked: int = 0
    proposed: int = 0
    scores: list[float] = field(factory=list)

    def propose(self, count: int) -> Sequence[Proposal]:
        if self.place == len(self.rungs):
            return []
        epochs = self.rungs[self.place].epochs
        part = self.candidates[self.asked : self.asked + count]
        made = [Proposal(self.proposed + index, item, epochs) for index, item in enumerate(part)]
        self.asked += len(made)
        self.proposed += len(made)
        return made

    def tell(self, results: Sequence[Result]) -> None:
        self.scores += [result.score for result in results]
        if len(self.scores) < len(self.candidates):
            return
        self.place += 1
        kept = self.rungs[self.place].candidates if self.place < len(self.rungs) else 0
        # the earlier of equals
        ranked = sorted(range(len(self.scores)), key=lambda index: (-self.scores[index], index))
        self.candidates = [self.candidates[index] for index in sorted(ranked[:kept])]
        self.asked, self.scores = 0, []

    def state(self) -> Any:
        scores = [score if score > float("-inf") else None for score in self.scores]
        names = ("candidates", "place", "asked", "proposed")
        return {**{name: getattr(self, name) for name in names}, "scores": scores}

    def restore(self, state: Any) -> None:
        for item in attrs.fields(type(self)):
            if item.name in state:
                setattr(self, item.name, state[item.name])
        self.scores = [float("-inf") if score is None else score for score in state["scores"]]
