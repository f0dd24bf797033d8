"""Straight-through Gumbel-softmax: one candidate forward, the tempered softmax of the same noise backward."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from nasframe.options import option
from nasframe.relaxations.noise import log_exponential, working_dtype
from nasframe.relaxations.relaxation import Sample
from nasframe.relaxations.schedule import ScheduledRelaxation, schedule_last
from nasframe.relaxations.surrogate import one_hot

__all__ = ["StraightThroughGumbelSoftmax", "gumbel_softmax"]


def gumbel_softmax(
    logits: Tensor,
    temperature: float,
    hard: bool = True,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return a Gumbel-softmax sample (paper, eq. 4–5; Jang et al. 2017; Maddison et al. 2017).

    Args:
        logits: `(choices, candidates)`; the result has its shape and dtype.
        temperature: λ, greater than 0.
        hard: exact zeros and ones forward, the gradient of the soft sample backward; else the soft sample.
        generator: where the noise comes from; None is torch's global generator.
    """
    theta = logits.to(working_dtype(logits.dtype))
    # the largest logit moves to 0, so that noise added to a large one keeps its digits
    theta = theta - theta.detach().amax(dim=-1, keepdim=True)
    perturbed = (theta - log_exponential(theta.shape, theta, generator)) / temperature
    soft = torch.softmax(perturbed, dim=-1)
    if not hard:
        return soft.to(logits.dtype)
    chosen = one_hot(perturbed.detach().argmax(dim=-1, keepdim=True), soft.detach())
    # the bracket is exactly zero, which `chosen + soft - soft.detach()` would not be
    return (chosen + (soft - soft.detach())).to(logits.dtype)


@attrs.frozen(kw_only=True, field_transformer=schedule_last)
class StraightThroughGumbelSoftmax(ScheduledRelaxation):
    """Gumbel-softmax: samples one candidate, gradient of the tempered softmax of the same noise."""

    hard: bool = option(True, help="one candidate in the forward pass; false gives the soft sample")

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        temperature = self.temperature_after(progress)
        return Sample(gumbel_softmax(logits, temperature, self.hard, generator), one_hot=self.hard)
