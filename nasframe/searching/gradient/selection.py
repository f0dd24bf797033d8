"""The choice among several architectures at the end of a search: the best one by the supernet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial

import torch
from attrs import frozen
from torch import Tensor

from nasframe.relaxations import Sample
from nasframe.runtime import Progress
from nasframe.space import Architecture
from nasframe.supernet import Supernet
from nasframe.tasks import Split, Task, checked_metrics
from nasframe.training import OutputError, collect_outputs

__all__ = ["Selection", "select"]


@frozen
class Selection:
    """The architecture that was chosen among candidates.

    Attributes:
        architecture: the best of them.
        candidates: number of different architectures.
        rule: objective of the first, which the rule of the space derived; None where it is undefined.
        chosen: objective of the best.
    """

    architecture: Architecture
    candidates: int
    rule: float | None
    chosen: float | None

    def record(self) -> Mapping[str, float | int | bool | None]:
        """Return the record for `run.json`."""
        return {"candidates": self.candidates, "rule": self.rule, "chosen": self.chosen}


def select(
    candidates: Sequence[Architecture],
    supernet: Supernet,
    task: Task,
    validation: Split,
    size: int,
    device: torch.device,
    progress: Progress,
) -> Selection:
    """Return the candidate with the best objective on validation, by the supernet under its one-hot weights.

    Nothing is trained. Where sources are dealt to several ports, the supernet gives every port their sum, and
    the built network gives it one source; the supernet still detects a network that has lost an input.
    The first of equals is kept. One with an output that is not finite, or with an undefined objective, is
    worse than all others.

    Args:
        candidates: of the supernet's space, at least one.
        supernet: trained.
        task: its objective.
        validation: the split.
        size: examples in a batch.
        device: where the supernet is.
        progress: to report to.

    Raises:
        ContractError: a metric is infinite, so no candidate can be called the best.
    """
    scores = []
    for architecture in progress.track(candidates, "candidates", len(candidates)):
        forward = partial(_forward, supernet, supernet.logits.one_hot(architecture.assignment))
        try:
            outputs, targets = collect_outputs(supernet, forward, validation, size, device, "validation")
        except OutputError:
            scores.append(math.nan)
        else:
            scores.append(float(checked_metrics(task, outputs, targets)[task.objective]))
    best = max(range(len(scores)), key=lambda index: (_rank(scores[index]), -index))
    return Selection(candidates[best], len(candidates), _defined(scores[0]), _defined(scores[best]))


def _forward(supernet: Supernet, weights: Mapping[str, Sample], inputs: Mapping[str, Tensor]) -> Tensor:
    outputs: Tensor = supernet(inputs, weights)
    return outputs


def _rank(score: float) -> float:
    return score if math.isfinite(score) else -math.inf


def _defined(score: float) -> float | None:
    return score if math.isfinite(score) else None
