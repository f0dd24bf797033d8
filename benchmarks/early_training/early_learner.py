"""A supernet that learns with a bonus of entropy, with dropout of sources and with mixed paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from early import Now
from torch import Tensor

from nasframe.relaxations import Sample
from nasframe.searching.gradient.gradient_loop import Update
from nasframe.searching.gradient.learner import Learner
from nasframe.supernet import Supernet

__all__ = ["EarlyLearner"]


class EarlyLearner(Learner):
    """A learner whose updates see what a setting asks for; it begins as another one is.

    Args:
        learner: that has made no update.
        now: the setting, at the point of the search.
    """

    def __init__(self, learner: Learner, now: Now) -> None:
        super().__init__(
            learner.supernet,
            learner.task,
            learner.relaxation,
            learner.loop,
            learner.options,
            learner.seed,
            learner.run,
        )
        self.now, self.bonus = now, 0.0

    def update(self, update: Update, epoch: int, *rest: Any) -> Tensor:
        now = self.now
        now.share = epoch / self.options.epochs
        if update.kind == "weights" or now.early.of_logits:
            now.dropout = now.early.dropout * now.left
        try:
            return super().update(update, epoch, *rest)
        finally:
            now.dropout = 0.0

    def _step(self, samples: Sequence[Mapping[str, Sample]], update: Update, *rest: Any) -> Tensor:
        rate = self.now.early.mixed * self.now.left
        if update.kind == "weights" and rate:
            samples = [{key: self._mixed(one, rate) for key, one in item.items()} for item in samples]
        self.bonus = self.now.early.bonus * self.now.left if update.kind == "architecture" else 0.0
        return super()._step(samples, update, *rest)

    def _loss(self, outputs: Tensor, targets: Tensor, samples: int) -> Tensor:
        loss = super()._loss(outputs, targets, samples)
        return loss - self.bonus * _entropy(self.supernet) if self.bonus else loss

    def _mixed(self, sample: Sample, rate: float) -> Sample:
        """Return a sample with rows drawn uniformly, each with probability `rate`."""
        rows, columns = sample.weights.shape
        drawn = torch.randint(columns, (rows,), generator=self.now.noise)
        other = torch.rand(rows, 1, generator=self.now.noise) < rate
        one_hot = torch.nn.functional.one_hot(drawn, columns).float()
        return Sample(torch.where(other, one_hot, sample.weights), True)


def _entropy(supernet: Supernet) -> Tensor:
    """Return the mean over the choices of H / log n; a choice with one candidate does not count."""
    logits, parts = supernet.logits, []
    for table in logits.tables:
        n = len(table.candidates)
        if n > 1:
            p = logits.values[table.key].softmax(-1)
            parts.append(torch.special.entr(p).sum(-1) / torch.tensor(float(n)).log())
    return torch.cat(parts).mean()
