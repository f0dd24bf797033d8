"""The weights of candidates while a supernet learns: a sample of the relaxation, or the paths of a loop."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext

import torch
from attrs import frozen
from torch import Tensor

from nasframe.relaxations import Relaxation, Sample
from nasframe.runtime import derive_seed
from nasframe.searching.gradient.gradient_loop import GradientLoop
from nasframe.searching.gradient.loop_check import checked_paths
from nasframe.space import Assignment
from nasframe.supernet import Supernet

__all__ = ["Sampling"]


@frozen
class Sampling:
    """Draws the weights of all candidates for the updates of a search.

    Args:
        supernet: whose candidates they are.
        loop: draws paths, or leaves the draw to the relaxation.
        relaxation: from logits to weights; it has no part where the loop draws paths.
        seed: of the search.
    """

    supernet: Supernet
    loop: GradientLoop
    relaxation: Relaxation
    seed: int

    def paths(self, epoch: int) -> Iterator[Sequence[Assignment] | None]:
        """Yield the architectures of each update of an epoch; None where the relaxation draws samples."""
        if self.loop.relaxes:
            return itertools.repeat(None)
        source = random.Random(derive_seed(self.seed, "paths", epoch))
        return checked_paths(self.loop, self.supernet.space, source)

    def of_update(
        self,
        paths: Sequence[Assignment] | None,
        progress: float,
        noise: torch.Generator,
        *,
        learnt: bool,
    ) -> list[Mapping[str, Sample]]:
        """Return the weights under which the loss of an update is computed: the mean over all of them.

        Args:
            paths: of `paths`.
            progress: of the search, from 0 to 1.
            noise: of the relaxation.
            learnt: whether the logits learn from it.
        """
        if paths is not None:
            return [self.supernet.logits.one_hot(item) for item in paths]
        with nullcontext() if learnt else torch.no_grad():
            return [self.supernet.sample(self.relaxation, progress, noise)]

    def uniform_forward(self) -> Callable[[Mapping[str, Tensor]], Tensor]:
        """Return a pass of the supernet, in which each batch has an architecture drawn uniformly."""
        source = random.Random(derive_seed(self.seed, "validation paths"))
        last: tuple[Mapping[str, Tensor], Mapping[str, Sample]] | None = None

        def forward(inputs: Mapping[str, Tensor]) -> Tensor:
            nonlocal last
            if last is None or last[0] is not inputs:  # a batch that is looked into again keeps its own
                space = self.supernet.space
                last = inputs, self.supernet.logits.one_hot(space.sample(source))
            outputs: Tensor = self.supernet(inputs, last[1])
            return outputs

        return forward
