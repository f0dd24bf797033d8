"""The plain straight-through estimator."""

from __future__ import annotations

import torch
from attrs import frozen
from torch import Tensor

from nasframe import Relaxation, Sample
from nasframe.options import option

__all__ = ["StraightThrough"]


@frozen
class StraightThrough(Relaxation):
    """Samples one candidate; the gradient is that of softmax (Bengio, Léonard, Courville 2013)."""

    temperature: float = option(1.0, help="of the softmax behind the gradient", gt=0.0)

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        # at least float32 inside, whatever the type of the logits, and also under autocast
        theta = logits.to(torch.promote_types(logits.dtype, torch.float32))
        soft = torch.softmax(theta / self.temperature, dim=-1)
        device = logits.device if generator is None else generator.device
        chances = torch.softmax(theta.detach(), dim=-1).to(device)
        drawn = torch.multinomial(chances, 1, generator=generator).to(logits.device)
        hard = torch.zeros_like(soft).scatter(-1, drawn, 1.0)
        # the bracket is exactly zero, so the forward value is exactly one-hot
        return Sample((hard + (soft - soft.detach())).to(logits.dtype), one_hot=True)
