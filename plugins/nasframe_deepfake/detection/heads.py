"""The heads of a network, with loss and score: one for fake or not, or one for each kind of fake."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["LABELS", "HeadKind", "Heads", "make_heads"]

LABELS = ("fake", "fake_picture", "fake_voice", "false_pairing")
"""Columns of the targets `(clips, 4)`, each 0 or 1; `fake` is any of the others."""

HeadKind = Literal["single", "separate"]


class Heads(ABC):
    """The meaning of the outputs of a network.

    Attributes:
        outputs: number of outputs.
    """

    outputs: int

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss, a scalar, of logits `(clips, outputs)` and targets `(clips, 4)`."""

    def log_odds(self, outputs: Tensor) -> Tensor:
        """Return log p / (1 − p) of fake `(clips,)`, in double precision; unlike p, it never saturates."""
        return self.joined(outputs.detach().double())

    @abstractmethod
    def joined(self, outputs: Tensor) -> Tensor:
        """Return the same in the precision of the outputs, which may be in a graph."""

    def scores(self, outputs: Tensor) -> Tensor:
        """Return the probability of fake `(clips,)`."""
        return torch.sigmoid(self.log_odds(outputs))

    @abstractmethod
    def parts(self, outputs: Tensor) -> dict[str, Tensor]:
        """Return kind of fake → its probability `(clips,)`; empty where there is one head for all kinds."""


class Single(Heads):
    """One output, fake or not, with binary cross-entropy, as in the paper."""

    outputs = 1

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(outputs[:, 0], targets[:, 0])

    def joined(self, outputs: Tensor) -> Tensor:
        return outputs[:, 0]

    def parts(self, outputs: Tensor) -> dict[str, Tensor]:
        return {}


class Separate(Heads):
    """An output for each kind of fake; the sum of their binary cross-entropies.

    A clip is fake where any of them holds: the score is 1 − Π (1 − pᵢ), the noisy or. So a kind that is easy
    to recognise does not take the gradient from one that is hard.
    """

    outputs = len(LABELS) - 1

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(outputs, targets[:, 1:]) * self.outputs

    def joined(self, outputs: Tensor) -> Tensor:
        # With s = −log Π (1 − pᵢ), the odds are exp(s) − 1.
        total = F.softplus(outputs, threshold=40).sum(1)
        log_odds = total + torch.log(-torch.expm1(-total))
        # Outputs so low that s is 0 in this precision: there the odds are Σ exp(outputs).
        return torch.where(total == 0, torch.logsumexp(outputs, 1), log_odds)

    def parts(self, outputs: Tensor) -> dict[str, Tensor]:
        values = torch.sigmoid(outputs.detach().double())
        return {name: values[:, column] for column, name in enumerate(LABELS[1:])}


def make_heads(kind: HeadKind) -> Heads:
    """Return the heads of that name."""
    return Single() if kind == "single" else Separate()
