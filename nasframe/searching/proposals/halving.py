"""Successive halving (Jamieson, Talwalkar 2016): many short trainings, of which the best go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import define, field, frozen

from nasframe.errors import ConfigurationError
from nasframe.options import option
from nasframe.runtime import counted
from nasframe.searching.proposals.proposal_loop import Proposal, ProposalLoop, Proposer, Result, SearchProblem
from nasframe.searching.proposals.random_search import RandomSearch, check_enough

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
    brackets: int = option(1, help="times that the whole is done, each with other candidates", ge=1)

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

    def check_options(self, epochs: int) -> None:
        if self.least > epochs:
            raise ConfigurationError(
                "search",
                [
                    f"loop.least: the first rung has at least {counted(self.least, 'epoch')}, and a full "
                    f"training has {epochs} (train.epochs)"
                ],
            )

    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        self.check_options(problem.epochs)
        wanted = self.brackets * self.candidates
        check_enough("candidates" if self.brackets == 1 else "brackets", wanted, problem)
        draws = RandomSearch(trials=wanted).start(problem, seed)
        drawn = [dict(item.assignment) for item in draws.propose(wanted)]
        return _Rungs(self.rungs(problem.epochs), self.candidates, drawn)

    def most(self, problem: SearchProblem) -> int:
        return self.brackets * sum(rung.candidates for rung in self.rungs(problem.epochs))


@define
class _Rungs(Proposer):
    """Successive halving under way.

    Attributes:
        size: candidates of a bracket.
        drawn: those of all brackets; fewer where the space has fewer networks.
        bracket, place: the present bracket, and its present rung.
        candidates: on that rung.
        asked: how many of them were proposed on it.
        scores: of those of them that were told.
        proposed: in all.
    """

    rungs: Sequence[Rung]
    size: int
    drawn: Sequence[dict[str, str]]
    bracket: int = 0
    place: int = 0
    candidates: list[dict[str, str]] = field(init=False)
    asked: int = 0
    proposed: int = 0
    scores: list[float] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.candidates = self._first()

    def _first(self) -> list[dict[str, str]]:
        return [*self.drawn[self.bracket * self.size : (self.bracket + 1) * self.size]]

    def propose(self, count: int) -> Sequence[Proposal]:
        part = self.candidates[self.asked : self.asked + count]
        epochs = self.rungs[self.place].epochs
        made = [Proposal(self.proposed + index, item, epochs) for index, item in enumerate(part)]
        self.asked += len(made)
        self.proposed += len(made)
        return made

    def tell(self, results: Sequence[Result]) -> None:
        self.scores += [result.score for result in results]
        if len(self.scores) == len(self.candidates):
            self._end_rung()

    def _end_rung(self) -> None:
        self.place += 1
        if self.place == len(self.rungs):
            self.bracket, self.place = self.bracket + 1, 0
            self.candidates = self._first()
        else:
            kept = self.rungs[self.place].candidates
            # the earlier of equals; the best one goes first, so that it stays the best known at any moment
            ranked = sorted(range(len(self.scores)), key=lambda index: (-self.scores[index], index))
            self.candidates = [self.candidates[index] for index in ranked[:kept]]
        self.asked, self.scores = 0, []

    def state(self) -> Any:
        scores = [score if score > float("-inf") else None for score in self.scores]
        return {**{name: getattr(self, name) for name in _KEPT}, "scores": scores}

    def restore(self, state: Any) -> None:
        for name in _KEPT:
            setattr(self, name, state[name])
        self.scores = [float("-inf") if score is None else score for score in state["scores"]]


_KEPT = ("bracket", "place", "candidates", "asked", "proposed")
