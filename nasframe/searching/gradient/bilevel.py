"""Bilevel search (DARTS): weights and logits learn from different examples; of first or of second order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

from attrs import frozen

from nasframe.options import option
from nasframe.searching.gradient.gradient_loop import AdamLoop, Update
from nasframe.tasks import Batch, Split
from nasframe.training import number_of_batches

__all__ = ["Bilevel"]


@frozen
class Bilevel(AdamLoop):
    """Weights on the weights split, logits on the architecture split, in turn: bilevel search.

    Each architecture batch makes one update; they are spread evenly among the weight updates. With order 1,
    an architecture update takes the weights as they are (DARTS with ξ = 0), and follows the weight update.
    With order 2, it looks one step of the weights ahead (eq. 7), and comes before the weight update, whose
    batch makes that step.
    """

    order: Literal[1, 2] = option(
        1, help="of the gradient of the logits; an update of order 2 (DARTS) costs five times as much"
    )

    def updates(
        self, weights: Split, architecture: Split, draw: Callable[[Split], Iterator[Batch]], size: int
    ) -> Iterator[Update]:
        steps, all_made = number_of_batches(weights, size), number_of_batches(architecture, size)
        pending, made = draw(architecture), 0
        for step, batch in enumerate(draw(weights), start=1):
            if self.order == 1:
                yield Update("weights", batch)
            while made < step * all_made // steps:
                yield Update("architecture", next(pending), None if self.order == 1 else batch)
                made += 1
            if self.order == 2:
                yield Update("weights", batch)
