"""Gapped straight-through: one candidate forward, backward a softmax in which that candidate leads."""

from __future__ import annotations

import math
from typing import Any

import attrs
import torch
from torch import Tensor

from nasframe.options import option
from nasframe.relaxations.noise import categorical, working_dtype
from nasframe.relaxations.relaxation import Sample
from nasframe.relaxations.schedule import ScheduledRelaxation, schedule_last
from nasframe.relaxations.surrogate import one_hot, softmax_jacobian, with_jacobian

__all__ = ["GappedStraightThrough", "gapped_straight_through"]


def gapped_straight_through(
    logits: Tensor,
    temperature: float,
    gap: float = 1.0,
    hard: bool = True,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return a sample of the gapped straight-through estimator (Fan, Chi, Rudnicky, Ramadge 2022).

    D is drawn from softmax(θ). Then the logits are moved by constants: the drawn one up to the largest,
    the others down to at least `gap` below it. Relative to the largest logit that is

        z_D = 0,    z_j = min(θ_j - max θ, -gap).

    Backward is the Jacobian of softmax(z/τ). It depends on the draw through D alone, so it is less noisy
    than that of straight-through Gumbel-softmax; the gap stands for the distance that Gumbel noise would
    have put between the first and the others.

    Args:
        logits: θ, `(choices, candidates)`; the result has its shape and dtype.
        temperature: τ, greater than 0.
        gap: least distance of the drawn candidate's logit from the others, at least 0.
        hard: D forward; else softmax(z/τ).
        generator: where the noise comes from; None is torch's global generator.
    """
    wanted = logits.requires_grad and torch.is_grad_enabled()
    with torch.no_grad():
        theta = logits.to(working_dtype(logits.dtype))
        winner = categorical(torch.log_softmax(theta, dim=-1), generator)
        if hard and not wanted:
            return one_hot(winner, logits)
        behind = (theta - theta.amax(dim=-1, keepdim=True)).clamp_max_(-gap)
        soft = torch.softmax(behind.scatter_(-1, winner, 0.0) / temperature, dim=-1)
        value = one_hot(winner, soft) if hard else soft
        jacobian = softmax_jacobian(soft, temperature)
    return with_jacobian(logits, value, jacobian)


def _not_negative(instance: object, attribute: attrs.Attribute[Any], value: float) -> None:
    if not 0 <= value < math.inf:
        raise ValueError(f"{attribute.name} must be a finite number, at least 0, found {value!r}")


@attrs.frozen(kw_only=True, field_transformer=schedule_last)
class GappedStraightThrough(ScheduledRelaxation):
    """Gapped straight-through: samples one candidate, gradient of a softmax in which it leads by a gap."""

    gap: float = option(
        1.0,
        help="by how much the drawn candidate's logit leads in the backward pass",
        validator=_not_negative,
        rule="0 or more",
    )
    hard: bool = option(True, help="one candidate in the forward pass; false gives the soft sample")

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        temperature = self.temperature_after(progress)
        weights = gapped_straight_through(logits, temperature, self.gap, self.hard, generator)
        return Sample(weights, one_hot=self.hard)
