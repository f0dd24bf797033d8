"""The kinds of targets: a class, several labels at once, a number. Loss and metrics follow from the kind."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from attrs import frozen
from torch import Tensor
from torch.nn import functional as F

from nasframe.errors import DataError
from nasframe.runtime import is_finite
from nasframe.tasks.scores import Scores
from nasframe.tasks.tensors.target_scores import (
    area_under_roc,
    average_precision,
    f1_scores,
    r_squared,
)
from nasframe.tasks.values_in_words import rows_in_words

__all__ = ["ClassTargets", "KindName", "LabelTargets", "NumberTargets", "TargetKind", "number_targets"]

_LEAST, _MOST = 2.0**-126, 2.0**127
"""Deviations between these float32 holds with all its digits."""

_ROUNDING = 2.0**-40
"""Numbers of float64 that differ by a smaller share may be one number, computed in two ways."""

KindName = Literal["classes", "labels", "number"]


class TargetKind(ABC):
    """A kind of target, and with it the loss, the metrics and the number of outputs."""

    objective: ClassVar[str]
    """The metric that chooses the epoch; larger is better."""
    bounds: ClassVar[Mapping[str, tuple[float, float]]]
    """See `Task.bounds`."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """The number of outputs of a network."""

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of raw outputs `(batch, outputs)`."""

    @abstractmethod
    def finite_metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return the metrics of raw outputs, all of which are finite."""

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return the metrics; all are NaN where an output is not finite, for nothing can be decided then."""
        if not is_finite(outputs):
            return dict.fromkeys(self.finite_metrics(torch.zeros_like(outputs), targets), math.nan)
        return self.finite_metrics(outputs.detach(), targets.to(outputs.device))

    def scores(self, outputs: Tensor, targets: Tensor) -> Scores | None:
        """Return the score of each example, where there are two classes."""
        return None

    @abstractmethod
    def strata(self, targets: Tensor) -> tuple[Tensor, int]:
        """Return a group `(examples,)` for each example, to be spread evenly over the splits, and their
        number."""


@frozen
class ClassTargets(TargetKind):
    """One class an example: cross entropy, accuracy, and of two classes the area under the ROC.

    Targets are class numbers `(batch,)`, int64.

    Attributes:
        count: number of classes.
        names: of the classes; None where they are numbers.
    """

    objective: ClassVar[str] = "accuracy"
    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {"accuracy": (0.0, 1.0), "auc": (0.0, 1.0)}

    count: int
    names: tuple[str, ...] | None = None

    @property
    def outputs(self) -> int:
        return self.count

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def finite_metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        found = {"accuracy": float((outputs.argmax(-1) == targets).double().mean())}
        if outputs.shape[1] == 2:
            found["auc"] = area_under_roc(_log_odds(outputs), targets == 1)
        return found

    def scores(self, outputs: Tensor, targets: Tensor) -> Scores | None:
        """Return the score of the second class, where there are two."""
        if outputs.shape[1] != 2:
            return None
        negative, positive = self.names or ("0", "1")
        return Scores(_log_odds(outputs), targets, positive=f"label {positive}", negative=f"label {negative}")

    def strata(self, targets: Tensor) -> tuple[Tensor, int]:
        return targets, self.count


@frozen
class LabelTargets(TargetKind):
    """Several labels at once, each there or not: binary cross entropy, F1 at a probability of 0.5.

    Targets are 0 or 1, `(batch, labels)`, float32. The objective is the weighted F1, the number that the
    literature reports for the genres of films; macro and micro F1 and the mean average precision stand
    beside it.

    Attributes:
        names: of the labels.
    """

    objective: ClassVar[str] = "f1_weighted"
    bounds: ClassVar[Mapping[str, tuple[float, float]]] = dict.fromkeys(
        ("f1_weighted", "f1_macro", "f1_micro", "average_precision"), (0.0, 1.0)
    )

    names: tuple[str, ...]

    @property
    def outputs(self) -> int:
        return len(self.names)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(outputs, targets.to(outputs.dtype))

    def finite_metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        truth = targets > 0.5
        found = f1_scores(outputs > 0, truth)
        return {**found, "average_precision": average_precision(outputs, truth)}

    def strata(self, targets: Tensor) -> tuple[Tensor, int]:
        """Return the rarest label that each example has; those without any label are a group of their own."""
        counts = targets.sum(0)
        rarity = torch.where(targets > 0.5, counts, torch.inf)
        rarest, label = rarity.min(1)
        return torch.where(rarest.isinf(), len(self.names), label), len(self.names) + 1


@frozen
class NumberTargets(TargetKind):
    """A number an example: mean squared error, R² and the mean absolute error.

    Networks learn the standardised number. Targets are `(batch, 2)`: that number, and the deviation it was
    divided by, so that the error is told in the unit of the data.
    """

    objective: ClassVar[str] = "r2"
    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {"r2": (-math.inf, 1.0), "mae": (0.0, math.inf)}

    @property
    def outputs(self) -> int:
        return 1

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.mse_loss(outputs[:, 0], targets[:, 0].to(outputs.dtype))

    def finite_metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        found, truth = outputs[:, 0].double(), targets[:, 0].double()
        error = ((found - truth).abs() * targets[:, 1].double()).mean()
        return {"r2": r_squared(found, truth), "mae": float(error)}

    def strata(self, targets: Tensor) -> tuple[Tensor, int]:
        """Return the tenth of the examples, in the order of their numbers, that each one lies in."""
        order = targets.argsort(stable=True)
        tenth = torch.empty(len(order), dtype=torch.long)
        tenth[order] = torch.arange(len(order)) * 10 // len(order)
        return tenth, 10


def number_targets(values: Tensor, weights: Tensor) -> Tensor:
    """Return the targets `(examples, 2)` of numbers, float32; see `NumberTargets`.

    Args:
        values: `(examples,)`, in their unit.
        weights: the rows that weights learn from, whose mean and deviation are taken.

    Raises:
        DataError: these numbers do not differ, or float32 holds their deviation or some standardised number
            as zero or infinity.
    """
    known = values[weights].double()
    mean, deviation = known.mean(), known.std(correction=0)
    if bool(known.min() == known.max()):
        raise DataError(f"target: each example of the split weights has the number {float(mean):.6g}")
    if not _LEAST < float(deviation) < _MOST:
        raise DataError(
            f"target: the split weights holds numbers from {float(known.min()):.6g} to "
            f"{float(known.max()):.6g}, whose deviation float32 does not hold; scale them first"
        )
    if bool(deviation <= mean.abs() * _ROUNDING):
        raise DataError(
            f"target: the split weights holds numbers from {float(known.min())!r} to {float(known.max())!r}, "
            "which floating point hardly tells apart; subtract what they share, first"
        )
    standard = ((values.double() - mean) / deviation).float()
    far = (~standard.isfinite()).nonzero().flatten().tolist()
    if far:
        raise DataError(
            f"target: the number in {rows_in_words(far)} is so far from those of the split weights that "
            "float32 does not hold it standardised; leave it out, or scale the numbers, by a "
            "logarithm for example"
        )
    return torch.stack([standard, deviation.float().expand(len(standard))], dim=1)


def _log_odds(outputs: Tensor) -> Tensor:
    """Return the log-odds of the second of two classes `(batch,)`, float64, from logits `(batch, 2)`."""
    logits = outputs.detach().double()
    return logits[:, 1] - logits[:, 0]
