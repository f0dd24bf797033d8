"""The contract of a search loop: two optimisers, and the order of updates."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Literal

import torch
from attrs import frozen
from torch import nn

from nasframe.options import option
from nasframe.space import Assignment, SearchSpace
from nasframe.tasks import Batch, Split

__all__ = ["AdamLoop", "AdamWeights", "GradientLoop", "Update"]


@frozen
class Update:
    """One update: of the weights, of the architecture's logits, or of both from one loss.

    Attributes:
        kind: what learns.
        batch: what it learns from.
        inner: a batch of the weights split, for an update of the architecture alone: that update is then of
            second order, and this batch makes its virtual step of the weights; see `unrolled`. None is
            first order.
    """

    kind: Literal["weights", "architecture", "both"]
    batch: Batch
    inner: Batch | None = None


class GradientLoop(ABC):
    """Trains weights and logits against each other. Subclasses are attrs classes; fields are the options.

    The engine asks for both optimisers once, then for the updates of each epoch, and makes them; time,
    schedules, clipping and checkpoints are the engine's.

    Attributes:
        relaxes: True where a relaxation of the logits weights the candidates, and the architecture is derived
            from the logits. A loop with False draws whole architectures by `paths`, makes updates of the
            weights alone, and the engine ranks architectures by the supernet when these are trained.
        rank_by: what orders candidates that the supernet scores on validation: its loss, or the objective of
            the task.
    """

    relaxes: ClassVar[bool] = True
    rank_by: Literal["loss", "objective"] = "objective"

    @abstractmethod
    def weights_optimiser(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the optimiser of the operations' parameters."""

    @abstractmethod
    def architecture_optimiser(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the optimiser of the packed logits."""

    @abstractmethod
    def updates(
        self, weights: Split, architecture: Split, draw: Callable[[Split], Iterator[Batch]], size: int
    ) -> Iterator[Update]:
        """Yield the updates of one epoch, in order.

        Args:
            weights: the split that operation weights learn from.
            architecture: the split that logits learn from.
            draw: from a split to its shuffled batches of one epoch.
            size: examples a batch.
        """

    def paths(self, space: SearchSpace, source: random.Random) -> Iterator[Sequence[Assignment]]:
        """Yield without end, for each update of the weights, the architectures whose mean loss it lowers.

        Only a loop that does not relax is asked, once an epoch.

        Args:
            space: that is searched.
            source: of random numbers, another one in each epoch; the same one must give the same paths.

        Yields:
            Complete assignments of the space, as `SearchSpace.sample` returns them; at least one.
        """
        raise NotImplementedError(f"{type(self).__name__} draws no paths")


@frozen
class AdamWeights(GradientLoop):
    """Adam for the weights."""

    weight_rate: float = option(1e-3, help="learning rate of weights", gt=0.0)
    weight_decay: float = option(0.0, help="of the weights", ge=0.0)

    def weights_optimiser(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.Adam(
            _group(parameters), lr=self.weight_rate, weight_decay=self.weight_decay, fused=True
        )


@frozen
class AdamLoop(AdamWeights):
    """The optimisers of the paper: Adam for the weights; Adam with β₁ = 0.5 for the logits."""

    architecture_rate: float = option(3e-4, help="learning rate of logits; short searches need 1e-2", gt=0.0)
    architecture_decay: float = option(
        0.0,
        help="weight decay of the logits; the paper's is 1e-3, which keeps a search from converging",
        ge=0.0,
    )

    def architecture_optimiser(self, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
        return torch.optim.Adam(
            _group(parameters),
            lr=self.architecture_rate,
            betas=(0.5, 0.999),
            weight_decay=self.architecture_decay,
            fused=True,
        )


def _group(parameters: Sequence[nn.Parameter]) -> list[dict[str, list[nn.Parameter]]]:
    """Return one group, which may be empty: a space may have no weights, or no choices."""
    return [{"params": list(parameters)}]
