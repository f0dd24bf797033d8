"""The contract of a proposal loop: it proposes architectures, and is told the score of each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from attrs import field, frozen

from nasframe.options import option
from nasframe.space import Architecture, Assignment, SearchSpace, network_key

__all__ = ["Proposal", "ProposalLoop", "Proposer", "Result", "SearchProblem"]


@frozen
class SearchProblem:
    """The problem that proposers solve: a space, and the length of a full training.

    Attributes:
        space: to propose architectures of.
        epochs: of a full training.
        keys: assignment, as pairs in order → `network_key`, where it is known already.
    """

    space: SearchSpace
    epochs: int
    _keys: dict[tuple[tuple[str, str], ...], str] = field(repr=False, factory=dict, eq=False, alias="keys")
    _complete: dict[tuple[tuple[str, str], ...], Assignment] = field(
        init=False, repr=False, factory=dict, eq=False
    )

    def key(self, assignment: Assignment) -> str:
        """Return the `network_key` of an architecture; it is computed once for each, in milliseconds."""
        name = tuple(assignment.items())
        found = self._keys.get(name)
        if found is None:
            found = self._keys[name] = network_key(Architecture(self.space, assignment))
        return found

    def complete(self, assignment: Assignment) -> Assignment:
        """Return what `SearchSpace.validate` does; it is computed once for each assignment.

        Raises:
            ArchitectureError: it is not in the space.
        """
        name = tuple(assignment.items())
        found = self._complete.get(name)
        if found is None:
            found = self._complete[name] = self.space.validate(assignment)
        return found


@frozen
class Proposal:
    """One architecture to be trained.

    Attributes:
        number: counts the proposals of a search, from 0.
        assignment: choice → candidate, as `SearchSpace.sample` and `SearchSpace.validate` return it.
        epochs: train it for the first so many of a full training, whose schedule stays; None is all of them.
            A later proposal of the same network with more epochs goes on with that training.
    """

    number: int
    assignment: Assignment
    epochs: int | None = None


@frozen
class Result:
    """The result of one proposal.

    Attributes:
        proposal: that was trained.
        score: the objective of the task on the validation split at the best epoch so far; larger is better.
            −∞ where it is undefined, or the training failed.
        parameters: number of them.
        multiply_adds: for one example.
        epochs: that were trained for it; 0 where an earlier proposal had trained them. A training that failed
            has those that it ended before.
        seconds: that this took.
    """

    proposal: Proposal
    score: float
    parameters: int = 0
    multiply_adds: int = 0
    epochs: int = 0
    seconds: float = 0.0


class Proposer(ABC):
    """The state of one search by a `ProposalLoop`.

    The engine calls `propose` and `tell` in turn until nothing is proposed. The same seed and the same
    results, told in the same batches, give the same proposals.
    """

    @abstractmethod
    def propose(self, count: int) -> Sequence[Proposal]:
        """Return the next proposals: at least one and at most `count`, or none where the search has ended.

        All results of earlier ones have been told.
        """

    @abstractmethod
    def tell(self, results: Sequence[Result]) -> None:
        """Take the results of the last proposals, in their order."""

    @abstractmethod
    def state(self) -> Any:
        """Return all that `restore` needs, JSON-able; it is asked for before `propose`."""

    @abstractmethod
    def restore(self, state: Any) -> None:
        """Go on where a proposer of the same loop, problem and seed returned this state."""


@frozen(kw_only=True)
class ProposalLoop(ABC):
    """Proposes architectures, and is told their scores. Subclasses are attrs classes; fields are the options.

    Trainings, checkpoints and the choice of the best architecture are the engine's.

    Attributes:
        relaxes: False, for such a loop has no logits; see `GradientLoop`.
    """

    relaxes: ClassVar[bool] = False

    batch: int = option(
        1, help="architectures that are proposed before their scores are told, and trained side by side", ge=1
    )

    def check_options(self, epochs: int) -> None:  # noqa: B027 - most have nothing to refuse
        """Refuse options that fit no space; it is called before data is prepared.

        What depends on the space is refused by `start`.

        Args:
            epochs: of a full training.

        Raises:
            ConfigurationError: names the options.
        """

    @abstractmethod
    def start(self, problem: SearchProblem, seed: int) -> Proposer:
        """Return a proposer at the beginning of a search.

        Raises:
            ConfigurationError: the options do not fit the problem, such as more candidates than it has
                architectures.
        """

    @abstractmethod
    def most(self, problem: SearchProblem) -> int:
        """Return the largest number of proposals that a search makes."""
