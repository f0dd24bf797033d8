"""Architectures ranked by a trained supernet: all of a small space, else those of an evolution."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from attrs import define, field, frozen
from torch import Tensor

from nasframe.runtime import Progress, is_finite
from nasframe.searching.proposals import CheckedProposer, Evolution, Result, SearchProblem
from nasframe.space import Assignment, SearchSpace
from nasframe.supernet import Supernet
from nasframe.tasks import Batch, Split, Task, checked_metrics
from nasframe.training import in_order

__all__ = ["Ranked", "SupernetScore", "rank_architectures"]

_POPULATION = 50
_SAMPLE = 10
_KEPT = 2**28
"""Bytes of a split that is kept for all scores; a larger one is read again for each."""

_BATCH = 2**25
"""Bytes of a batch, about, where that is more than a batch of the search: each has a fixed cost."""


@frozen
class Ranked:
    """An architecture, and its score by the supernet.

    Attributes:
        assignment: complete.
        score: objective on validation; NaN where it is undefined or an output is not finite.
        loss: on validation, which orders equal scores.
    """

    assignment: Assignment
    score: float
    loss: float = math.inf

    @property
    def rank(self) -> tuple[float, float]:
        """Larger is better; an undefined score is the worst."""
        loss = self.loss if math.isfinite(self.loss) else math.inf
        return (self.score, -loss) if math.isfinite(self.score) else (-math.inf, -math.inf)


@define
class SupernetScore:
    """Scores architectures by a supernet under their one-hot weights, on a split; nothing is trained.

    Where sources are dealt to several ports, the supernet gives every port their sum, and the built network
    gives it one source; the supernet still detects a network that has lost an input.

    Args:
        supernet: trained.
        task: its objective.
        split: validation.
        size: examples in a batch of the search; batches may be larger here.
        device: where the supernet is.
    """

    supernet: Supernet
    task: Task
    split: Split
    size: int
    device: torch.device
    _known: dict[tuple[tuple[str, str], ...], Ranked] = field(init=False, factory=dict)
    _batches: list[Batch] | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        first = next(in_order(self.split, self.size, self.device))
        tensors = [first.targets, *first.inputs.values()]
        one = sum(item.nbytes for item in tensors) / len(first.targets)
        self.size = max(self.size, min(int(_BATCH / one), len(self.split)))
        if one * len(self.split) <= _KEPT:
            self._batches = list(in_order(self.split, self.size, self.device))

    def __call__(self, assignment: Assignment) -> Ranked:
        """Return the score of a complete assignment; it is computed once.

        Raises:
            ContractError: a metric is infinite, so nothing can be called the best.
        """
        name = tuple(assignment.items())
        if name not in self._known:
            self._known[name] = self._score(assignment)
        return self._known[name]

    def _score(self, assignment: Assignment) -> Ranked:
        weights = self.supernet.logits.one_hot(assignment)
        found: list[Tensor] = []
        all_targets: list[Tensor] = []
        if self.supernet.training:
            self.supernet.eval()
        with torch.no_grad():
            for batch in self._batches or in_order(self.split, self.size, self.device):
                found.append(self.supernet(batch.inputs, weights).cpu())
                all_targets.append(batch.targets.cpu())
        outputs, targets = torch.cat(found), torch.cat(all_targets)
        if not is_finite(outputs):
            return Ranked(assignment, math.nan)
        metrics = checked_metrics(self.task, outputs, targets)
        loss = float(self.task.loss(outputs, targets))
        return Ranked(assignment, float(metrics[self.task.objective]), loss)


def rank_architectures(
    space: SearchSpace, score: Callable[[Assignment], Ranked], most: int, seed: int, progress: Progress
) -> list[Ranked]:
    """Return architectures of different networks with their scores, the best first.

    Args:
        space: whose architectures are ranked: all of it where there are at most `most`, else those that a
            regularised evolution (Real et al. 2019) with the score as its fitness comes to, `most` in all.
        score: of an assignment.
        most: architectures that are scored.
        seed: of the evolution.
        progress: to report to.
    """
    problem = SearchProblem(space, epochs=1)
    count = space.count()
    if count <= most:
        found = [score(item) for item in progress.track(space.enumerate(), "ranking", count)]
    else:
        found = _evolved(problem, score, most, seed, progress)
    # the first of equals stays the first
    ordered = sorted(found, key=lambda item: item.rank, reverse=True)
    networks: dict[str, Ranked] = {}
    for item in ordered:
        networks.setdefault(problem.key(item.assignment), item)
    return [*networks.values()]


def _evolved(
    problem: SearchProblem, score: Callable[[Assignment], Ranked], most: int, seed: int, progress: Progress
) -> list[Ranked]:
    population = min(_POPULATION, most)
    loop = Evolution(trials=most, population=population, sample=min(_SAMPLE, population))
    proposer, found = CheckedProposer(loop, problem, seed), list[Ranked]()
    with progress.task("ranking", most) as advance:
        while batch := proposer.propose():
            made = [score(item.assignment) for item in batch]
            found += made
            proposer.tell([Result(item, one.rank[0]) for item, one in zip(batch, made, strict=True)])
            advance(len(batch))
    return found
