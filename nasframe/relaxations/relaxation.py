"""The contract of a relaxation: logits in, weights on the simplex out."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from attrs import frozen
from torch import Tensor

__all__ = ["Relaxation", "Sample"]


@frozen
class Sample:
    """Weights `(choices, candidates)` on the simplex, differentiable with respect to the logits.

    `one_hot` says that the forward value of every row is exactly one-hot; the supernet then
    back-propagates through the selected operations only.
    """

    weights: Tensor
    one_hot: bool


class Relaxation(ABC):
    """Makes categorical choices differentiable. Subclasses are attrs classes; their fields are the options.

    The supernet's logits arrive packed, one row a choice, and a relaxation is called once for each
    packed parameter and forward pass. It works in float32 or better inside and returns the dtype of the
    logits. With the same generator state it returns the same weights.
    """

    @abstractmethod
    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        """Return the weights for one forward pass.

        Args:
            logits: `(choices, candidates)`.
            progress: share of the search that is done, 0 to 1, for schedules.
            generator: where the noise comes from; None is torch's global generator.
        """

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return the deterministic distribution `(choices, candidates)` behind the samples.

        Evaluation, entropy, derivation and drawing use it.
        """
        return torch.softmax(logits, dim=-1)
