"""The contract of the published detectors: a score, and a loss of their own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor, nn

__all__ = ["PublishedDetector"]

_NEVER = -30.0
"""Log odds of the kinds of fakes that a detector with one score does not tell apart."""


class PublishedDetector(nn.Module):
    """A network with one score, and a loss of its own.

    Where the task wants an output for each kind of fake, the score is the first, and the others say that
    their kind is not there: the noisy or of all is the score.

    Args:
        outputs: that the task wants.
    """

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        score = self.score(inputs)[:, None]
        return torch.cat([score, score.new_full((len(score), self.outputs - 1), _NEVER)], dim=1)

    @abstractmethod
    def score(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return a score `(batch,)`, the higher the more likely is a fake."""

    @abstractmethod
    def own_loss(self, inputs: Mapping[str, Tensor], targets: Tensor) -> Tensor:
        """Return the loss `()` of inputs and targets `(batch, 4)`, whose columns are `LABELS`."""

    @staticmethod
    def loss(network: nn.Module, inputs: Mapping[str, Tensor], targets: Tensor) -> Tensor:
        """Return the loss of a network that is one of these; see `nasframe.Baseline`."""
        assert isinstance(network, PublishedDetector)
        return network.own_loss(inputs, targets)
