"""The score of each example of a split."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from torch import Tensor

__all__ = ["Scores"]


@frozen
class Scores:
    """One score for each example of a split, for a task that tells two classes apart.

    Attributes:
        log_odds: `(examples,)`, log p / (1 − p) of the positive class; examples are ranked by it, as it never
            saturates.
        labels: `(examples,)`, 1 for the positive class and 0 for the other.
        positive, negative: names of the classes.
        categories: a finer name for each example; empty where there is none.
        threshold: the probability from which on an example is called positive.
    """

    log_odds: Tensor
    labels: Tensor
    positive: str = "positive"
    negative: str = "negative"
    categories: Sequence[str] = ()
    threshold: float = 0.5
