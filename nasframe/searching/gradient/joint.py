"""Joint search: one loss, one batch, both kinds of parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import frozen

from nasframe.searching.gradient.gradient_loop import AdamLoop, Update
from nasframe.tasks import Batch, Split
from nasframe.training import JoinedSplit

__all__ = ["Joint"]


@frozen
class Joint(AdamLoop):
    """Weights and logits from the same loss, on the weights and architecture splits together."""

    def updates(
        self, weights: Split, architecture: Split, draw: Callable[[Split], Iterator[Batch]], size: int
    ) -> Iterator[Update]:
        for batch in draw(JoinedSplit(weights, architecture)):
            yield Update("both", batch)
