"""The loss of a supernet as a function of a few of its choices."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from nasframe import Batch, Supernet, Task
from nasframe.errors import RunError
from nasframe.relaxations import Sample
from nasframe.runtime import Progress
from nasframe_estimators.functions.function import Function, Pack

__all__ = ["SupernetLoss"]

_SOFT_DRAWS = 200


class SupernetLoss(Function):
    """The loss of a supernet on one batch, without dropout; the choices that do not vary are one-hot.

    The results of an outcome are kept: one-hot weights never need a second pass. Soft weights need one pass a
    draw, so estimators that use them get at most `soft_draws` draws.

    Args:
        supernet: in evaluation mode, with unselected="evaluate".
        task: of the loss.
        batch: of the architecture split.
        fixed: choice → candidate, for the choices that do not vary.
        varied: the choices that do.
        progress: to report long work to.
    """

    soft_draws = _SOFT_DRAWS

    def __init__(
        self,
        supernet: Supernet,
        task: Task,
        batch: Batch,
        fixed: Mapping[str, str],
        varied: Sequence[str],
        progress: Progress,
    ) -> None:
        self.name = "supernet"
        self.batch, self.fixed = batch, fixed
        self._net, self._task, self._progress = supernet, task, progress
        places = [supernet.logits.place[choice] for choice in varied]
        self._tables = [table for table in supernet.logits.tables if any(table is t for t, _ in places)]
        self._rows = [torch.tensor([row for table, row in places if table is mine]) for mine in self._tables]
        self.choices = tuple(
            table.rows[row]
            for table, rows in zip(self._tables, self._rows, strict=True)
            for row in rows.tolist()
        )
        self.packs = [
            Pack(table.group, supernet.logits.values[table.key].detach()[rows].double())
            for table, rows in zip(self._tables, self._rows, strict=True)
        ]
        self._fixed = {key: sample.weights for key, sample in supernet.logits.one_hot(fixed).items()}
        self._values: dict[tuple[int, ...], float] = {}
        self._slopes: dict[tuple[int, ...], Tensor] = {}

    def values(self, outcomes: Tensor) -> Tensor:
        known = self._values
        with torch.no_grad():
            for outcome in self._progress.track(_missing(outcomes, known), "outcomes of the supernet"):
                known[outcome] = float(self.once(self._one_hot(outcome), True))
                if not math.isfinite(known[outcome]):
                    raise RunError(f"the loss of the supernet is {known[outcome]} for some of its outcomes")
        return torch.tensor([known[tuple(row)] for row in outcomes.tolist()], dtype=torch.float64)

    def slopes(self, weights: Sequence[Tensor], one_hot: bool) -> list[Tensor]:
        if one_hot:
            outcomes = torch.cat([part.argmax(-1) for part in weights], dim=-1)
            for outcome in self._progress.track(
                _missing(outcomes, self._slopes), "gradients of the supernet"
            ):
                self._slopes[outcome] = self._slope(self._one_hot(outcome), True)
            distinct, inverse = _distinct(outcomes)
            flat = torch.stack([self._slopes[outcome] for outcome in distinct])[inverse]
        else:
            rows = torch.cat([part.flatten(1) for part in weights], dim=-1)
            distinct_rows, inverse = torch.unique(rows, dim=0, return_inverse=True)
            passes = [
                self._slope(self._shaped(row), False)
                for row in self._progress.track(distinct_rows, "soft gradients of the supernet")
            ]
            flat = torch.stack(passes)[inverse]
        parts = torch.split(flat, [pack.logits.numel() for pack in self.packs], dim=-1)
        return [part.view(-1, *pack.logits.shape) for part, pack in zip(parts, self.packs, strict=True)]

    def once(self, weights: Sequence[Tensor], one_hot: bool) -> Tensor:
        every = dict(self._fixed)
        for table, rows, part in zip(self._tables, self._rows, weights, strict=True):
            every[table.key] = every[table.key].index_copy(0, rows, part.to(every[table.key].dtype))
        # a parameter without varied choices is one-hot under any relaxation
        varied = {table.key for table in self._tables}
        samples = {key: Sample(value, one_hot or key not in varied) for key, value in every.items()}
        return self._task.loss(self._net(self.batch.inputs, samples), self.batch.targets)

    def _slope(self, weights: Sequence[Tensor], one_hot: bool) -> Tensor:
        leaves = [part.detach().float().requires_grad_() for part in weights]
        slopes = torch.autograd.grad(
            self.once(leaves, one_hot), leaves, allow_unused=True, materialize_grads=True
        )
        flat = torch.cat([slope.flatten() for slope in slopes]).double()
        if not flat.isfinite().all():
            raise RunError("the derivative of the supernet's loss is not finite for some of its weights")
        return flat

    def _one_hot(self, outcome: Sequence[int]) -> list[Tensor]:
        found, first = [], 0
        for pack in self.packs:
            rows = len(pack.logits)
            chosen = torch.tensor(outcome[first : first + rows])
            found.append(torch.nn.functional.one_hot(chosen, pack.logits.shape[1]).float())
            first += rows
        return found

    def _shaped(self, row: Tensor) -> list[Tensor]:
        parts = torch.split(row, [pack.logits.numel() for pack in self.packs])
        return [part.view_as(pack.logits) for part, pack in zip(parts, self.packs, strict=True)]


def _missing(outcomes: Tensor, known: Mapping[tuple[int, ...], object]) -> list[tuple[int, ...]]:
    return [outcome for outcome in _distinct(outcomes)[0] if outcome not in known]


def _distinct(outcomes: Tensor) -> tuple[list[tuple[int, ...]], Tensor]:
    """Return the different rows, and the place of each row among them."""
    base = int(outcomes.max()) + 1 if outcomes.numel() else 1
    powers = torch.tensor([base**place for place in range(outcomes.shape[1])])
    codes, inverse = torch.unique((outcomes * powers).sum(-1), return_inverse=True)
    first = torch.empty_like(codes).scatter_(0, inverse, torch.arange(len(outcomes)))
    return [tuple(row) for row in outcomes[first].tolist()], inverse
