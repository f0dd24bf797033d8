"""Random search: architectures drawn uniformly, each network once."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Literal

from attrs import define, field, frozen

from nasframe.errors import ConfigurationError
from nasframe.options import option
from nasframe.runtime import counted, derive_seed
from nasframe.searching.proposals.proposal_loop import Proposal, ProposalLoop, Proposer, Result, SearchProblem

__all__ = ["RandomSearch", "check_enough"]

_IN_VAIN = 100  # draws without a new network, after which the space is listed
_LISTED = 100_000  # the most architectures that are listed


@frozen
class RandomSearch(ProposalLoop):
    """Draws architectures uniformly from the space, without repetition.

    The first draw of every network counts, so a network that many assignments give is met earlier.
    """

    trials: int = option(40, help="architectures that are tried", ge=1)
    distinct: Literal["network", "assignment"] = option(
        "network", help="what is tried once: a network, under whatever names, or an assignment"
    )

    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        check_enough("trials", self.trials, problem)
        return _Draws(self, problem, random.Random(derive_seed(seed, "random search")))

    def most(self, problem: SearchProblem) -> int:
        return self.trials


def check_enough(option: str, wanted: int, problem: SearchProblem) -> None:
    """Refuse more different architectures than a space has, where it is known how many these are.

    Raises:
        ConfigurationError: names the option, and both numbers.
    """
    there = problem.space.how_many()
    if there.exact and wanted > there.value:
        raise ConfigurationError(
            "search",
            [
                f"loop.{option}: {counted(wanted, 'architecture is', 'architectures are')} asked "
                f"for, and the space has {there}"
            ],
        )


@define
class _Draws(Proposer):
    """A random search under way.

    Attributes:
        known: the networks, or assignments, that were drawn.
        rest: the rest of the space in random order, once it had to be listed.
    """

    loop: RandomSearch
    problem: SearchProblem
    random: random.Random
    proposed: int = 0
    known: set[Any] = field(factory=set)
    rest: list[dict[str, str]] | None = None

    def propose(self, count: int) -> Sequence[Proposal]:
        made: list[Proposal] = []
        while len(made) < count and self.proposed < self.loop.trials:
            drawn = self._new()
            if drawn is None:
                break
            made.append(Proposal(self.proposed, drawn))
            self.proposed += 1
        return made

    def tell(self, results: Sequence[Result]) -> None:
        """Random search learns nothing."""

    def state(self) -> Any:
        return {"proposed": self.proposed}

    def restore(self, state: Any) -> None:
        self.propose(state["proposed"])

    def _new(self) -> dict[str, str] | None:
        """Return an architecture that was not drawn before; None where there is none."""
        if self.rest is None:
            space = self.problem.space
            for _ in range(_IN_VAIN):
                drawn = space.sample(self.random)
                if self._is_new(drawn):
                    return drawn
            there = space.how_many()
            self.rest = [*space.enumerate()] if there.exact and there.value <= _LISTED else []
            self.random.shuffle(self.rest)
        while self.rest:
            drawn = self.rest.pop()
            if self._is_new(drawn):
                return drawn
        return None

    def _is_new(self, drawn: dict[str, str]) -> bool:
        name = tuple(drawn.items()) if self.loop.distinct == "assignment" else self.problem.key(drawn)
        if name in self.known:
            return False
        self.known.add(name)
        return True
