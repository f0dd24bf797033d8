"""Classification among named classes: loss, accuracy and macro F1, and the options that tasks share."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from attrs import define
from torch import Tensor
from torch.nn import functional as F

from nasframe import Baseline, Data, Split, StartingValues, Task
from nasframe.options import option
from nasframe_tabular.preparation import check_shares
from nasframe_tabular.tasks.baselines import fixed_networks

__all__ = ["Classification", "SplitClassification", "macro_f1"]


@define(kw_only=True)
class Classification(Task):
    """Classification with one class an example, in data that does not depend on the experiment's seed."""

    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {"accuracy": (0.0, 1.0), "macro_f1": (0.0, 1.0)}
    classes: ClassVar[tuple[str, ...]] = ()
    """Names of the classes, in the order of their numbers."""

    starting: ClassVar[StartingValues] = StartingValues()
    """The experiment that is proposed to start from."""

    split_seed: int = option(0, help="seed of the splits; they do not depend on the experiment's seed", ge=0)

    @classmethod
    def starting_values(cls, source: Path | None, given: Mapping[str, Any]) -> StartingValues:
        """Return the experiment that is proposed to start from.

        Raises:
            DataError: a source was named, of which nothing is read.
        """
        return cls.starting if source is None else super().starting_values(source, given)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross-entropy."""
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return accuracy and macro F1; both are NaN where an output is not finite."""
        if not bool(outputs.isfinite().all()):
            return {"accuracy": math.nan, "macro_f1": math.nan}
        found = outputs.argmax(-1)
        return {
            "accuracy": float((found == targets).double().mean()),
            "macro_f1": macro_f1(found, targets, len(self.classes)),
        }

    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        """Return the metrics, the number of examples, and the share of each class that was recognised."""
        targets = split.batch(torch.arange(len(split))).targets.to(outputs.device)
        metrics = self.metrics(outputs, targets)
        hits = outputs.argmax(-1) == targets
        recalls = {
            name: float(hits[targets == number].double().mean())
            for number, name in enumerate(self.classes)
            if bool((targets == number).any())
        }
        shown = {name: None if math.isnan(value) else value for name, value in metrics.items()}
        return {**shown, "examples": len(split), "recalls": recalls}

    def baselines(self, data: Data) -> Mapping[str, Baseline]:
        """Return a linear network and an MLP on all inputs; of several inputs also late fusion, and an MLP on
        each input alone."""
        return fixed_networks(data)


@define(kw_only=True)
class SplitClassification(Classification):
    """Classification of a fixed number of examples, of which each split has a share."""

    shares: tuple[float, float, float, float] = option(
        (0.4, 0.2, 0.15, 0.25),
        help="shares of the splits weights, architecture, validation, test",
        validator=check_shares,
        rule="each more than 0",
    )
    fold: int | None = option(
        None,
        help="0 to 4: the fifth of the data that is the test split; the others share the rest. By default "
        "the test split has its share",
        ge=0,
        le=4,
    )

    @property
    def _splitting(self) -> dict[str, Any]:
        """All that decides which example is in which split, for the fingerprint of a stage."""
        # with a fold, the share of the test split plays no part
        shares = self.shares if self.fold is None else self.shares[:3]
        return {"shares": [*shares], "fold": self.fold, "split_seed": self.split_seed}


def macro_f1(found: Tensor, targets: Tensor, classes: int) -> float:
    """Return the mean over the classes that occur among targets or decisions of F1 = 2 TP / (2 TP + FP + FN).

    Args:
        found: class numbers that were decided, `(examples,)`.
        targets: the true ones, `(examples,)`.
        classes: how many there can be.

    Example:
        >>> round(macro_f1(torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 1, 1]), 3), 4)
        0.7333
    """
    true = torch.bincount(targets[found == targets], minlength=classes).double()
    both = torch.bincount(found, minlength=classes) + torch.bincount(targets, minlength=classes)
    return float((2 * true / both)[both > 0].mean())
