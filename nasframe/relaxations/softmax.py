"""Softmax: every candidate at once, in proportion to its probability."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from nasframe.relaxations.noise import working_dtype
from nasframe.relaxations.relaxation import Relaxation, Sample
from nasframe.relaxations.schedule import temperature_option

__all__ = ["Softmax", "tempered_softmax"]


def tempered_softmax(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """Return softmax(logits / temperature) over the last dimension (DARTS: Liu, Simonyan, Yang 2019, eq. 2).

    Args:
        logits: `(choices, candidates)`; the result has its shape and dtype.
        temperature: greater than 0.

    Example:
        >>> tempered_softmax(torch.tensor([[1.0, 3.0]]).log())
        tensor([[0.2500, 0.7500]])
        >>> tempered_softmax(torch.tensor([[1.0, 3.0]]).log(), temperature=0.5)
        tensor([[0.1000, 0.9000]])
    """
    theta = logits.to(working_dtype(logits.dtype))
    return torch.softmax(theta / temperature, dim=-1).to(logits.dtype)


@attrs.frozen(kw_only=True)
class Softmax(Relaxation):
    """DARTS: the mixture of all candidates, without noise.

    The temperature stays as it is: `probabilities`, by which a search is evaluated and derived, are the
    weights themselves at every time.
    """

    temperature: float = temperature_option(1.0, "divides the logits; lower is nearer to a single candidate")

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        return Sample(tempered_softmax(logits, self.temperature), one_hot=False)

    def probabilities(self, logits: Tensor) -> Tensor:
        return tempered_softmax(logits, self.temperature)
