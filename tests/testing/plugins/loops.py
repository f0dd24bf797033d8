"""Loops that keep their promises, and some that each break one."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from attrs import define, evolve, field, frozen
from torch import nn

from nasframe import (
    AdamLoop,
    Batch,
    GradientLoop,
    OneShot,
    Proposal,
    ProposalLoop,
    Proposer,
    Result,
    SearchProblem,
    Split,
    Update,
)
from nasframe.options import option
from nasframe.searching import Bilevel, Evolution, SuccessiveHalving
from nasframe.searching.gradient.joint import Joint
from nasframe.testing import GradientLoopSuite, ProposalLoopSuite


@define
class Climber(Proposer):
    """Draws ten architectures, every second one near the best."""

    loop: Any
    problem: SearchProblem
    seed: int
    proposed: int = 0
    told: list[float] = field(factory=list)

    def propose(self, count: int) -> Sequence[Proposal]:
        numbers = range(self.proposed, min(self.proposed + count, self.loop.trials))
        self.proposed = numbers.stop if numbers else self.proposed
        return [Proposal(number, self.draw(number)) for number in numbers]

    def draw(self, number: int) -> dict[str, str]:
        return self.problem.space.sample(random.Random(f"{self.seed} {number} {sum(self.told)}"))

    def tell(self, results: Sequence[Result]) -> None:
        self.told += [max(result.score, -1.0) for result in results]

    def state(self) -> Any:
        return {"proposed": self.proposed, "told": self.told}

    def restore(self, state: Any) -> None:
        self.proposed, self.told = state["proposed"], [*state["told"]]


@frozen
class Good(ProposalLoop):
    """Ten architectures."""

    trials: int = option(10, help="architectures that are tried", ge=1)

    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        return self.proposer()(self, problem, seed)

    def proposer(self) -> Callable[..., Proposer]:
        return Climber

    def most(self, problem: SearchProblem) -> int:
        return self.trials


class TestGood(ProposalLoopSuite):
    kind: Callable[..., ProposalLoop] = Good

    def make(self) -> ProposalLoop:
        return self.kind()


class TestGoodBatches(TestGood):
    kind = staticmethod(lambda: Good(batch=4))


class TestEvolution(TestGood):
    kind = staticmethod(lambda: Evolution(trials=15, population=4, sample=2))


class TestHalving(TestGood):
    kind = staticmethod(lambda: SuccessiveHalving(candidates=9, batch=2))


def broken(name: str, proposer: type[Proposer]) -> type[ProposalLoop]:
    """A loop whose proposer breaks a promise."""
    made = type(name, (Good,), {"__doc__": "Broken.", "proposer": lambda self: proposer})
    return frozen(made)


class Incomplete(Climber):
    def draw(self, number: int) -> dict[str, str]:
        return dict([*super().draw(number).items()][1:])


class Invalid(Climber):
    def draw(self, number: int) -> dict[str, str]:
        return {**super().draw(number), "e0": "sum"}


class TooMany(Climber):
    def propose(self, count: int) -> Sequence[Proposal]:
        return [Proposal(self.proposed + place, self.draw(place)) for place in range(count + 1)]


class Endless(Climber):
    def propose(self, count: int) -> Sequence[Proposal]:
        self.proposed += 1
        return [Proposal(self.proposed - 1, self.draw(self.proposed))]


class NumbersFromOne(Climber):
    def propose(self, count: int) -> Sequence[Proposal]:
        return [evolve(item, number=item.number + 1) for item in super().propose(count)]


class TooLong(Climber):
    def propose(self, count: int) -> Sequence[Proposal]:
        return [evolve(item, epochs=1000) for item in super().propose(count)]


class Unseeded(Climber):
    def draw(self, number: int) -> dict[str, str]:
        return self.problem.space.sample(random.Random())


class GlobalRandomness(Climber):
    def draw(self, number: int) -> dict[str, str]:
        return self.problem.space.sample(int(torch.randint(1 << 30, ()).item()))


class Forgetful(Climber):
    def state(self) -> Any:
        return {"proposed": self.proposed, "told": []}


class StateIsNoJson(Climber):
    def state(self) -> Any:
        return {**super().state(), "seen": {1}}


class StateCounts(Climber):
    asked: Any = itertools.count()

    def state(self) -> Any:
        return {**super().state(), "asked": next(self.asked)}


class FailsWithFailures(Climber):
    def tell(self, results: Sequence[Result]) -> None:
        if any(result.score == float("-inf") for result in results):
            raise ValueError("no score")
        super().tell(results)


class KeepsStateInTheLoop(Climber):
    def tell(self, results: Sequence[Result]) -> None:
        super().tell(results)
        object.__setattr__(self.loop, "trials", self.loop.trials - 1)


@frozen
class WithoutHelp(Good):
    """Ten architectures."""

    depth: int = 3


@frozen(kw_only=True)
class WithoutDefault(Good):
    """Ten architectures."""

    depth: int = option(help="how deep")


PROPOSERS = (
    *(Incomplete, Invalid, TooMany, Endless, NumbersFromOne, TooLong, Unseeded, GlobalRandomness, Forgetful),
    *(StateIsNoJson, StateCounts, FailsWithFailures, KeepsStateInTheLoop),
)
for proposer in PROPOSERS:
    loop = broken(proposer.__name__, proposer)
    suite = type(f"Test{proposer.__name__}", (TestGood,), {"kind": loop})
    globals()[suite.__name__] = suite


class TestWithoutHelp(TestGood):
    kind = WithoutHelp


class TestWithoutDefault(TestGood):
    kind = staticmethod(lambda: WithoutDefault(depth=3))


class TestNothing(ProposalLoopSuite):
    pass


class TestNoLoop(ProposalLoopSuite):
    def make(self) -> Any:
        return Bilevel()


# -- gradient loops -----------------------------------------------------------------------------------------


class TestBilevel(GradientLoopSuite):
    kind: Callable[..., Any] = Bilevel

    def make(self) -> Any:
        return self.kind()


class TestSecondOrder(GradientLoopSuite):
    def make(self) -> Any:
        return Bilevel(order=2)


class TestJoint(TestBilevel):
    kind = Joint


class TestOneShot(TestBilevel):
    kind = OneShot


@frozen
class Halves(OneShot):
    """Draws one of the first two architectures of the space, or both."""

    def paths(self, space: Any, source: Any) -> Any:
        first = [*itertools.islice(space.enumerate(), 2)]
        while True:
            yield source.sample(first, k=source.choice((1, 2)))


class TestHalves(TestBilevel):
    kind = Halves


@frozen
class FromTheContractAlone(GradientLoop):
    """Plain gradient descent on architectures that are mostly small ones."""

    relaxes = False

    rate: float = option(0.1, help="learning rate", gt=0.0)

    def weights_optimiser(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD([{"params": list(parameters)}], lr=self.rate)

    def architecture_optimiser(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.SGD([{"params": list(parameters)}], lr=self.rate)

    def updates(
        self, weights: Split, architecture: Split, draw: Callable[[Split], Iterator[Batch]], size: int
    ) -> Iterator[Update]:
        for batch in draw(weights):
            yield Update("weights", batch)

    def paths(self, space: Any, source: Any) -> Any:
        def smaller(_: Any, alternatives: Any) -> Any:
            return alternatives[0] if source.random() < 0.7 else source.choice(alternatives)

        while True:
            yield [space.decisions.walk(smaller)]


class TestFromTheContractAlone(TestBilevel):
    kind = FromTheContractAlone


@frozen
class UnseededPaths(OneShot):
    """Draws from the global generator."""

    def paths(self, space: Any, source: Any) -> Any:
        while True:
            yield [space.sample(random.randrange(10**9))]


class TestUnseededPaths(TestBilevel):
    kind = UnseededPaths


@frozen
class PathsThatEnd(OneShot):
    """Draws one architecture and no more."""

    def paths(self, space: Any, source: Any) -> Any:
        yield [space.sample(source)]


class TestPathsThatEnd(TestBilevel):
    kind = PathsThatEnd


@frozen
class PathsThatEndLater(OneShot):
    """Draws more architectures than a small search takes, and no more."""

    def paths(self, space: Any, source: Any) -> Any:
        for _ in range(300):
            yield [space.sample(source)]


class TestPathsThatEndLater(TestBilevel):
    kind = PathsThatEndLater


@frozen
class PathsOutsideTheSpace(OneShot):
    """Chooses each candidate on its own, also at nodes that are removed."""

    def paths(self, space: Any, source: Any) -> Any:
        while True:
            yield [{name: source.choice(choice.candidates) for name, choice in space.choices.items()}]


class TestPathsOutsideTheSpace(TestBilevel):
    kind = PathsOutsideTheSpace


@frozen
class MovesLogits(OneShot):
    """Says that it has no logits, and updates them."""

    def updates(self, weights: Any, architecture: Any, draw: Any, size: int) -> Any:
        for batch in draw(weights):
            yield Update("both", batch)


class TestMovesLogits(TestBilevel):
    kind = MovesLogits


@frozen
class OnlyWeights(AdamLoop):
    """Never touches the logits."""

    def updates(
        self, weights: Split, architecture: Split, draw: Callable[[Split], Iterator[Batch]], size: int
    ) -> Iterator[Update]:
        for batch in draw(weights):
            yield Update("weights", batch)


@frozen
class NoUpdates(OnlyWeights):
    """Yields none."""

    def updates(self, weights: Any, architecture: Any, draw: Any, size: int) -> Any:
        return iter(())


@frozen
class UnseededUpdates(Bilevel):
    """Draws how far it goes."""

    def weights_optimiser(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.Adam([{"params": list(parameters)}], lr=random.SystemRandom().random() / 100)


@define
class Counting(Bilevel):
    """Counts its epochs in itself."""

    epochs: int = option(0, help="so far")

    def updates(self, weights: Any, architecture: Any, draw: Any, size: int) -> Any:
        object.__setattr__(self, "epochs", self.epochs + 1)
        yield from super().updates(weights, architecture, draw, size)


class TestOnlyWeights(TestBilevel):
    kind = OnlyWeights


class TestNoUpdates(TestBilevel):
    kind = NoUpdates


class TestUnseededUpdates(TestBilevel):
    kind = UnseededUpdates


class TestCounting(TestBilevel):
    kind = Counting


class TestNothingTrained(GradientLoopSuite):
    pass
