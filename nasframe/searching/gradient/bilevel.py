"""First-order bilevel search (DARTS with ξ = 0): weights and logits learn from different examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import frozen

from nasframe.searching.gradient.gradient_loop import AdamLoop, Update
from nasframe.tasks import Batch, Split
from nasframe.training import number_of_batches

__all__ = ["Bilevel"]


@frozen
class Bilevel(AdamLoop):
    """Weights on the weights split, logits on the architecture split, in turn: first-order bilevel search.

    Each architecture batch makes one update; they are spread evenly among the weight updates.
    """

    def updates(
        self, weights: Split, architecture: Split, draw: Callable[[Split], Iterator[Batch]], size: int
    ) -> Iterator[Update]:
        inner, outer = number_of_batches(weights, size), number_of_batches(architecture, size)
        pending, made = draw(architecture), 0
        for step, batch in enumerate(draw(weights), start=1):
            yield Update("weights", batch)
            while made < step * outer // inner:
                yield Update("architecture", next(pending))
                made += 1
