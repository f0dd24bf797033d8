"""One-shot search: a supernet trained on uniformly drawn architectures, by which all others are ranked."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Literal

import torch
from attrs import frozen
from torch import nn

from nasframe.options import option
from nasframe.searching.gradient.gradient_loop import AdamWeights, Update
from nasframe.space import Alternative, Assignment, Decision, SearchSpace
from nasframe.tasks import Batch, Split
from nasframe.training import JoinedSplit

__all__ = ["OneShot"]


@frozen
class OneShot(AdamWeights):
    """Trains the weights on architectures drawn uniformly, one an update; then ranks architectures by them.

    Single path one-shot (Guo et al. 2020; Bender et al. 2018). There are no logits to learn, so the weights
    learn from the splits `weights` and `architecture` together, and no relaxation has a part in it. The space
    needs exact ports: only there is the network that the supernet scores the one that is built.

    A subclass that draws other architectures has another `paths`.
    """

    relaxes: ClassVar[bool] = False

    rank_by: Literal["loss", "objective"] = option(
        "loss",
        help="by which the supernet ranks architectures on validation: its loss, or the task's objective",
    )
    fair: bool = option(
        False,
        help="every candidate of every choice in each update, once, or as often as another (strict fairness)",
    )

    def architecture_optimiser(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD([{"params": list(parameters)}], lr=1e-3)  # nothing learns the logits

    def updates(
        self, weights: Split, architecture: Split, draw: Callable[[Split], Iterator[Batch]], size: int
    ) -> Iterator[Update]:
        for batch in draw(JoinedSplit(weights, architecture)):
            yield Update("weights", batch)

    def paths(self, space: SearchSpace, source: random.Random) -> Iterator[Sequence[Assignment]]:
        while True:
            yield _fair_paths(space, source) if self.fair else [space.sample(source)]


def _fair_paths(space: SearchSpace, source: random.Random) -> list[dict[str, str]]:
    """Return as many architectures as the longest choice has candidates (FairNAS; Chu, Zhang, Xu 2021).

    Each choice takes its candidates in turn, in an order of its own. One that is not valid in an
    architecture, such as a source that chose zero there, is replaced by one drawn from those that are.
    """
    turns = {name: [*choice.candidates] for name, choice in space.choices.items()}
    for candidates in turns.values():
        source.shuffle(candidates)
    count = max(map(len, turns.values()), default=1)
    wanted = [{name: row[turn % len(row)] for name, row in turns.items()} for turn in range(count)]
    return [_path(space, each, source) for each in wanted]


def _path(space: SearchSpace, wanted: Assignment, source: random.Random) -> dict[str, str]:
    """Return the architecture that has a wanted candidate wherever it is valid."""

    def decide(_: Decision, alternatives: Sequence[Alternative]) -> Alternative:
        for item in alternatives:
            if all(wanted[name] == value for name, value in item.assigns):
                return item
        return source.choice(alternatives)

    return space.decisions.walk(decide)
