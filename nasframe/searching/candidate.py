"""Candidates that are trained during a search, and the courses of their trainings."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from attrs import frozen
from torch import Tensor

from nasframe.space import Assignment

__all__ = ["Candidate", "CandidateTrainer", "LearningCurve", "Train"]


@frozen
class Candidate:
    """A network that is to be trained, or trained on.

    Attributes:
        key: of the network; see `network_key`.
        assignment: the first one of the search that named it, by which its training goes on: the parameters
            have the names of that one.
        epochs: to which.
    """

    key: str
    assignment: Assignment
    epochs: int


@frozen
class LearningCurve:
    """The course of a training, of all its epochs so far.

    Attributes:
        objectives: on the validation split after each epoch; larger is better, NaN where undefined.
        validation: metrics on the validation split after each epoch, the `loss` among them.
        seconds: of each epoch; of a training that failed, of those that it ended before.
        parameters: number of them.
        multiply_adds: for one example.
        failed: the reason why the training failed; empty where it did not.
    """

    objectives: Sequence[float]
    validation: Sequence[Mapping[str, Any]]
    seconds: Sequence[float]
    parameters: int = 0
    multiply_adds: int = 0
    failed: str = ""

    def best(self, epochs: int) -> int | None:
        """Return the index of the epoch that counts among the first so many: the best objective, then the
        lowest loss; None where the training failed."""
        if self.failed:
            return None
        return max(range(min(epochs, len(self.objectives))), key=self._rank, default=None)

    def rank(self, epochs: int) -> tuple[float, float]:
        """Return the objective and the negative loss of the epoch that counts, by which curves are compared;
        −∞ twice where the training failed."""
        place = self.best(epochs)
        return (-math.inf, -math.inf) if place is None else self._rank(place)

    def _rank(self, epoch: int) -> tuple[float, float]:
        objective, loss = self.objectives[epoch], self.validation[epoch].get("loss")
        return (objective if math.isfinite(objective) else -math.inf, -math.inf if loss is None else -loss)


Train = Callable[[Sequence[Candidate]], Sequence[LearningCurve]]
"""Trains different networks, each to its epochs or on to them, and returns their curves in order."""


class CandidateTrainer(Protocol):
    """Trains candidates of a search as the final training would."""

    @property
    def epochs(self) -> int:
        """Of a full training."""

    def train(
        self, candidates: Sequence[Candidate], weights: Mapping[str, Tensor] | None = None
    ) -> Sequence[LearningCurve]:
        """See `Train`. With the state of a supernet as `weights`, every training starts from them."""
