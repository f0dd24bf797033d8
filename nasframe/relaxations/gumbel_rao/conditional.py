"""The noise of a categorical draw given its outcome, and the mean of the tempered softmax over that noise.

Read the Gumbel-max trick as a race: candidate j arrives at time T_j, exponential with rate p_j, and the
first to arrive is drawn. Then θ_j + G_j is -log T_j, up to a constant that a softmax does not see. Given
the winner I, its time is E_I and the others need E_j / p_j longer, with independent E ~ Exp(1); that is
eq. 7 of the paper (Maddison, Tarlow, Minka 2014). Only the lags of the others behind the winner matter. In
logarithms they neither overflow nor vanish:

    lag_j = log T_j - log T_I = softplus(log(E_j / E_I) - log p_j),    lag_I = 0.
"""

from __future__ import annotations

import torch
from attrs import frozen
from torch import Tensor

from nasframe.relaxations.noise import log_exponential, logistic
from nasframe.relaxations.surrogate import laplacian

__all__ = ["ConditionalAverage", "conditional_average", "conditional_log_ratios"]

_FLOOR = -40.0
"""Least exponent of a soft weight before it is normalised. Smaller weights are negligible (exp(-40)
is 4e-18), but their products are subnormal numbers, with which processors are ten times slower."""


@frozen
class ConditionalAverage:
    """Mean over the conditional noise: of the weights, `(choices, candidates)`, and of their Jacobian with
    respect to the logits, `(choices, candidates, candidates)`."""

    weights: Tensor
    jacobian: Tensor


def conditional_log_ratios(
    log_p: Tensor, winner: Tensor, samples: int, generator: torch.Generator | None = None
) -> Tensor:
    """Return draws of log(E_j / E_I), which is all of the conditional noise.

    Args:
        log_p: `(choices, candidates)`, normalised.
        winner: `(choices, 1)`, the outcome I.
        samples: K.
        generator: where the noise comes from.

    Returns:
        `(choices, candidates, samples)`, with 0 for the winner. Two candidates need one uniform a draw, and
        of them only the loser is returned: `(choices, 1, samples)`.
    """
    choices, candidates = log_p.shape
    if candidates == 2:
        return logistic((choices, 1, samples), log_p, generator)
    times = log_exponential((choices, candidates, samples), log_p, generator)
    return times - times.gather(1, winner.unsqueeze(-1).expand(-1, 1, samples))


def conditional_average(
    log_p: Tensor, winner: Tensor, noise: Tensor, temperature: float, through_noise: bool = False
) -> ConditionalAverage:
    """Return the mean of softmax_τ(θ + G) and of its Jacobian over draws of G given the winner.

    See eq. 7 and 8 of the paper.

    Args:
        log_p: `(choices, candidates)`, the log-softmax of θ.
        winner: `(choices, 1)`.
        noise: as `conditional_log_ratios` returns it.
        temperature: τ, greater than 0.
        through_noise: differentiate the draws too, with respect to θ (eq. 7 with E held constant); else
            they are constants.
    """
    if log_p.shape[-1] == 2:
        return _average_of_two(log_p, winner, noise, temperature, through_noise)
    behind = noise - log_p.unsqueeze(-1)
    index = winner.unsqueeze(-1).expand(-1, 1, noise.shape[-1])
    lag = _softplus(behind).scatter_(1, index, 0.0)
    soft = lag.mul_(-1 / temperature).clamp_min_(_FLOOR).softmax(dim=1)
    scale = 1 / (noise.shape[-1] * temperature)
    if not through_noise:
        # (diag(s) - s sᵀ)/τ: rows sum to zero, and taking the diagonal from that sum loses no digits
        return ConditionalAverage(soft.mean(dim=-1), laplacian(torch.bmm(soft, soft.mT).mul_(scale)))
    # d lag_j / d log p_j = -σ(behind_j) for the losers, and log p depends on θ by I - 1 pᵀ
    moving = soft * torch.sigmoid(behind).scatter_(1, index, 0.0)
    inner = torch.diag_embed(moving.sum(dim=-1)).sub_(torch.bmm(soft, moving.mT)).mul_(scale)
    return ConditionalAverage(
        soft.mean(dim=-1), inner - inner.sum(dim=-1, keepdim=True) * log_p.exp().unsqueeze(-2)
    )


def _softplus(x: Tensor) -> Tensor:
    """Return log(1 + exp(x)), in a third of the time of torch's, whose log1p is slow on a processor.

    Its error is at most a rounding of 1 + exp(-|x|): no more than that of the weights, which fall with the
    exponential of the result.
    """
    return x.abs().neg_().exp_().add_(1.0).log_().add_(x.clamp_min(0.0))


def _average_of_two(
    log_p: Tensor, winner: Tensor, noise: Tensor, temperature: float, through_noise: bool
) -> ConditionalAverage:
    """Return the `conditional_average` of two candidates. With s the loser's weight, every Jacobian is a
    multiple of [1 -1; -1 1]."""
    behind = noise.squeeze(1) - log_p.gather(-1, 1 - winner)
    loser = _softplus(behind).mul_(-1 / temperature).clamp_min_(_FLOOR).sigmoid_()
    slope = loser * (1 - loser)
    if through_noise:
        slope = slope * torch.sigmoid(behind) * log_p.gather(-1, winner).exp()
    slope = slope.mean(dim=-1).div_(temperature)
    share = loser.mean(dim=-1, keepdim=True)
    weights = torch.cat((share, 1 - share), dim=-1).gather(-1, torch.cat((1 - winner, winner), dim=-1))
    jacobian = torch.stack((slope, -slope, -slope, slope), dim=-1).view(-1, 2, 2)
    return ConditionalAverage(weights, jacobian)
