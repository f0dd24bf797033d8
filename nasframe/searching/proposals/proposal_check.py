"""The contract of a proposal loop, checked: before a search in a rehearsal, then at every proposal."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from attrs import define, field

from nasframe.errors import ArchitectureError, ContractError, NasframeError, in_words
from nasframe.plugins import described, manager, raised_at
from nasframe.runtime import counted, parse_json
from nasframe.searching.proposals.proposal_loop import Proposal, ProposalLoop, Proposer, Result, SearchProblem

__all__ = ["CheckedProposer", "check_loop_options", "check_proposal_loop"]

Value = TypeVar("Value")

_ROUNDS = 3  # of a rehearsal


@define
class CheckedProposer:
    """A proposer whose answers are checked.

    Args:
        loop: whose proposer it is.
        problem, seed: see `ProposalLoop.start`.

    Raises:
        ContractError: a promise of the contract is broken; it names the loop, its plugin and its file.
        ConfigurationError: the loop refuses its options for this problem.
    """

    loop: ProposalLoop
    problem: SearchProblem
    seed: int
    most: int = field(init=False)
    proposed: int = field(init=False, default=0)
    _proposer: Proposer = field(init=False)

    def __attrs_post_init__(self) -> None:
        loop, problem = self.loop, self.problem
        self.most = self._call("most", lambda: loop.most(problem))
        if type(self.most) is not int or self.most < 1:
            raise self._breaks(f"most must return a whole number from 1, found {self.most!r}")
        self._proposer = self._call("start", lambda: loop.start(problem, self.seed))
        if not isinstance(self._proposer, Proposer):
            raise self._breaks(
                f"start must return a nasframe.Proposer, found {type(self._proposer).__name__}"
            )

    def propose(self) -> Sequence[Proposal]:
        """Return the next batch, checked; none where the search has ended."""
        size = self.loop.batch
        found = self._call("propose", lambda: self._proposer.propose(size))
        if not isinstance(found, Sequence) or isinstance(found, str):
            raise self._breaks(f"propose must return a sequence of proposals, found {found!r}")
        if len(found) > size:
            raise self._breaks(
                f"propose must return at most the {size} that it is asked for, found {len(found)}"
            )
        for item in found:
            self._check(item)
            self.proposed += 1
        return found

    def tell(self, results: Sequence[Result]) -> None:
        """Tell the results of the last batch."""
        self._call("tell", lambda: self._proposer.tell(results))

    def state(self) -> Any:
        """Return the state of the proposer, as JSON gives it back."""
        state = self._call("state", self._proposer.state)
        try:
            return parse_json(json.dumps(state, allow_nan=False), "the state of a search")
        except (TypeError, ValueError) as error:
            raise self._breaks(
                f"state must return what JSON can hold: {error}; found {state!r:.200}"
            ) from error

    def restore(self, state: Any, proposed: int) -> None:
        """Go on from a state, after so many proposals."""
        self._call("restore", lambda: self._proposer.restore(state))
        self.proposed = proposed

    def require_same(self, other: Sequence[Proposal], mine: Sequence[Proposal], why: str) -> None:
        """Refuse two batches that must be equal and are not."""
        if [_plain(item) for item in other] != [_plain(item) for item in mine]:
            raise self._breaks(f"{why} must give the same proposals, found {mine!r:.300} and {other!r:.300}")

    def _check(self, item: Any) -> None:
        if not isinstance(item, Proposal):
            raise self._breaks(f"propose must return nasframe.Proposal, found {type(item).__name__}")
        if item.number != self.proposed:
            raise self._breaks(
                f"the number of a proposal counts from 0; expected {self.proposed}, found {item.number!r}"
            )
        where = f"proposal {item.number}"
        if self.proposed >= self.most:
            raise self._breaks(
                f"it proposes more than the {counted(self.most, 'architecture')} that `most` returns"
            )
        full = self.problem.epochs
        if item.epochs is not None and not (type(item.epochs) is int and 1 <= item.epochs <= full):
            raise self._breaks(f"{where}: epochs must be None or from 1 to {full}, found {item.epochs!r}")
        try:
            complete = self.problem.complete(item.assignment)
        except ArchitectureError as error:
            raise self._breaks(f"{where}: {error}") from error
        except (TypeError, AttributeError) as error:
            raise self._breaks(
                f"{where}: the assignment must be choice → candidate, found {item.assignment!r}"
            ) from error
        if complete != item.assignment:
            left_out = ", ".join(name for name in complete if name not in item.assignment)
            raise self._breaks(f"{where}: the assignment must be complete; it leaves out {left_out}")

    def _call(self, method: str, call: Callable[[], Value]) -> Value:
        return _called(self.loop, method, call)

    def _breaks(self, promise: str) -> ContractError:
        return _broken(self.loop, promise)


def check_loop_options(loop: ProposalLoop, epochs: int) -> None:
    """Refuse options of a loop that fit no space, where a full training has so many epochs.

    Raises:
        ConfigurationError: names the options.
        ContractError: the loop fails to say.
    """
    _called(loop, "check_options", lambda: loop.check_options(epochs))


def check_proposal_loop(
    loop: ProposalLoop, problem: SearchProblem, seed: int = 0, rounds: int | None = _ROUNDS
) -> None:
    """Refuse a loop that breaks its contract in the first rounds of a search, whose scores are made up.

    A second proposer is made anew before every round, from the state of the first one; and a third one is
    told the same from the beginning.

    Args:
        loop: to check.
        problem: to solve.
        seed: of the search.
        rounds: how many batches; None is a whole search.

    Raises:
        ContractError, ConfigurationError: see `CheckedProposer`.
    """
    first, again = CheckedProposer(loop, problem, seed), CheckedProposer(loop, problem, seed)
    done = 0
    while rounds is None or done < rounds:
        state, before = first.state(), first.proposed
        batch = first.propose()
        first.require_same(again.propose(), batch, "the same seed and results")
        restored = CheckedProposer(loop, problem, seed)
        restored.restore(state, before)
        first.require_same(restored.propose(), batch, "a state that is restored")
        if not batch:
            if not done:
                raise first._breaks("propose must return at least one architecture before the search ends")
            return
        results = [_made_up(item, problem) for item in batch]
        for proposer in (first, again):
            proposer.tell(results)
        done += 1


def _called(loop: ProposalLoop, method: str, call: Callable[[], Value]) -> Value:
    try:
        return call()
    except NasframeError:
        raise
    except (Exception, SystemExit) as error:  # a plugin may raise anything
        where = raised_at(error, inspect.getmodule(type(loop)))
        raise _broken(loop, f"{method} raised {in_words(error)}{where}") from error


def _broken(loop: ProposalLoop, promise: str) -> ContractError:
    kind = type(loop)
    name = described("loop", kind, manager().entry_of("loop", kind))
    return ContractError(f"{name} breaks the contract of nasframe.ProposalLoop: {promise}")


def _made_up(item: Proposal, problem: SearchProblem) -> Result:
    """Return a result that depends on the proposal alone; one in eleven trainings fails."""
    score = -math.inf if item.number % 11 == 7 else math.sin(1 + 12.9898 * item.number) / 2
    epochs = problem.epochs if item.epochs is None else item.epochs
    return Result(item, score, 1000 + 37 * item.number % 500, 2000 + 11 * item.number % 700, epochs, 1.0)


def _plain(item: Proposal) -> tuple[int, dict[str, str], int | None]:
    return item.number, dict(item.assignment), item.epochs
