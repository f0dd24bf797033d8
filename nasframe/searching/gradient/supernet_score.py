"""The score of an architecture by a trained supernet."""

from __future__ import annotations

import itertools
import math
from functools import partial

import torch
from attrs import define, field, frozen
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from nasframe.runtime import is_finite
from nasframe.searching.gradient.batch_statistics import batch_norms, fresh_statistics
from nasframe.space import Assignment
from nasframe.supernet import Supernet
from nasframe.tasks import Batch, Split, Task, checked_metrics
from nasframe.training import in_order

__all__ = ["Ranked", "SupernetScore"]

_KEPT = 2**28
"""Bytes of a split that is kept for all scores; a larger one is read again for each."""

_CALIBRATION = 512
"""Examples of the training split for the statistics of batch normalisation, about."""

_BATCH = 2**25
"""Bytes of a batch, about, where that is more than a batch of the search: each has a fixed cost."""


@frozen
class Ranked:
    """An architecture, and its score by the supernet.

    Attributes:
        assignment: complete.
        score: objective on validation; NaN where it is undefined or an output is not finite.
        rank: by which several are ordered; larger is better, −∞ where the number that decides, the loss or
            the objective, is no finite one.
    """

    assignment: Assignment
    score: float
    rank: tuple[float, float] = (-math.inf, -math.inf)

    @property
    def is_ranked(self) -> bool:
        """True where the number that decides is finite."""
        return math.isfinite(self.rank[0])


@define
class SupernetScore:
    """Scores architectures by a supernet under their one-hot weights, on a split; nothing is trained.

    Where sources are dealt to several ports, the supernet gives every port their sum, and the built network
    gives it one source; the supernet still detects a network that has lost an input.

    Args:
        supernet: trained.
        task: its objective.
        split: validation.
        training: the split by which layers of batch normalisation take their statistics anew for each
            architecture, from its first examples.
        size: examples in a batch of the search; batches may be larger here.
        device: where the supernet is.
        by_loss: whether the loss decides, and the objective among equals, or the other way round. The loss
            varies less with the examples, and architectures are seldom equal in it.
    """

    supernet: Supernet
    task: Task
    split: Split
    training: Split
    size: int
    device: torch.device
    by_loss: bool = True
    _batches: list[Batch] | None = field(init=False, default=None)
    _layers: list[_BatchNorm] = field(init=False)
    _examples: list[Batch] = field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        first = next(in_order(self.split, self.size, self.device))
        tensors = [first.targets, *first.inputs.values()]
        one = sum(item.nbytes for item in tensors) / len(first.targets)
        self.size = max(self.size, min(int(_BATCH / one), len(self.split)))
        if one * len(self.split) <= _KEPT:
            self._batches = list(in_order(self.split, self.size, self.device))
        self._layers = batch_norms(self.supernet)
        if self._layers:
            batches = in_order(self.training, self.size, self.device)
            taken = [*itertools.islice(batches, math.ceil(_CALIBRATION / self.size))]
            # one example has no variance; a search in which it is the whole batch was refused
            self._examples = [batch for batch in taken if len(batch.targets) > 1]

    def __call__(self, assignment: Assignment) -> Ranked:
        """Return the score of a complete assignment.

        Raises:
            ContractError: a metric is infinite, so nothing can be called the best.
        """
        weights = self.supernet.logits.one_hot(assignment)
        found: list[Tensor] = []
        all_targets: list[Tensor] = []
        if self.supernet.training:
            self.supernet.eval()
        passes = [partial(self.supernet, batch.inputs, weights) for batch in self._examples]
        with torch.no_grad(), fresh_statistics(self._layers, passes):
            for batch in self._batches or in_order(self.split, self.size, self.device):
                found.append(self.supernet(batch.inputs, weights).cpu())
                all_targets.append(batch.targets.cpu())
        outputs, targets = torch.cat(found), torch.cat(all_targets)
        if not is_finite(outputs):
            return Ranked(assignment, math.nan)
        metrics = checked_metrics(self.task, outputs, targets)
        score, loss = float(metrics[self.task.objective]), float(self.task.loss(outputs, targets))
        first, second = (-loss, score) if self.by_loss else (score, -loss)
        if not math.isfinite(first):
            return Ranked(assignment, score)
        return Ranked(assignment, score, (first, second if math.isfinite(second) else -math.inf))
