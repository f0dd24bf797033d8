"""Dirichlet: all candidates at once, mixed in shares that are drawn again in every step."""

from __future__ import annotations

import math

import attrs
import torch
from torch import Tensor

from nasframe.relaxations.noise import log_exponential
from nasframe.relaxations.relaxation import Sample
from nasframe.relaxations.schedule import ScheduledRelaxation, schedule_last, temperature_option
from nasframe.relaxations.surrogate import with_jacobian

__all__ = ["Dirichlet", "dirichlet_mean", "dirichlet_sample"]

_FLOOR = 1e-8
"""Least concentration. exp(logit) is 0 below -745, and no Dirichlet distribution has a concentration of 0;
torch's derivative of a draw is NaN for concentrations of 1e-10 beside 1e7. A candidate this weak gets all of
the weight or none, in both cases without a gradient."""


def _log_concentration(logits: Tensor) -> Tensor:
    """Return log(elu(θ) + 1) in float64. Below zero that is θ, and the sum would lose its digits."""
    theta = logits.double()
    return torch.where(theta > 0, theta.clamp_min(0.0).log1p(), theta).clamp_min(math.log(_FLOOR))


def dirichlet_mean(logits: Tensor) -> Tensor:
    """Return the mean of the weights that `dirichlet_sample` draws, the same at every temperature.

    Args:
        logits: `(choices, candidates)`; the result has its shape and dtype.
    """
    return torch.softmax(_log_concentration(logits), dim=-1).to(logits.dtype)


def dirichlet_sample(
    logits: Tensor, temperature: float = 1.0, generator: torch.Generator | None = None
) -> Tensor:
    """Return a Dirichlet sample with pathwise gradient (DrNAS: Chen, Wang, Cheng, Tang, Hsieh 2021).

    The concentrations are a = (elu(θ) + 1) / τ. At τ = 1 that is DrNAS; the mean does not depend on τ, and
    the variance grows with it, from the mean itself towards one candidate at a time.

    The weights are the shares of independent gamma variables g(a_j). Those are drawn as logarithms,
    log g(a) = log g(a + 1) + log(U) / a, because small ones underflow. The gradient is that
    of `torch.distributions.Dirichlet.rsample` at these weights: implicit differentiation of the
    distribution function (Jankowiak, Obermeyer 2018). Both are computed in float64 whatever the dtype of
    the logits; in float32 that derivative has no right digit left at a = 0.001.

    Args:
        logits: θ, `(choices, candidates)`; the result has its shape and dtype.
        temperature: τ, greater than 0.
        generator: where the noise comes from; None is torch's global generator.
    """
    with torch.no_grad():
        log_alpha = _log_concentration(logits)
        alpha = log_alpha.exp() / temperature
        log_u = -log_exponential(alpha.shape, alpha, generator).exp()
        weights = torch.softmax(_standard_gamma(alpha + 1, generator).log() + log_u / alpha, dim=-1)
        # d w_i / d a_j = rate_j (δ_ij - w_i)
        rate = torch._dirichlet_grad(weights, alpha, alpha.sum(dim=-1, keepdim=True).expand_as(alpha))
        # d elu = 1 above zero, elu + 1 below; nothing at the floor
        slope = log_alpha.clamp_max(0.0).exp() * (log_alpha > math.log(_FLOOR)) / temperature
        trade = torch.eye(alpha.shape[-1], dtype=alpha.dtype, device=alpha.device) - weights.unsqueeze(-1)
        jacobian = trade * (rate * slope).unsqueeze(-2)
    return with_jacobian(logits, weights, jacobian)


def _standard_gamma(alpha: Tensor, generator: torch.Generator | None) -> Tensor:
    """Return Gamma(alpha) variables, drawn on the device of the generator."""
    device = alpha.device if generator is None else generator.device
    return torch._standard_gamma(alpha.to(device), generator).to(alpha.device)


@attrs.frozen(kw_only=True, field_transformer=schedule_last)
class Dirichlet(ScheduledRelaxation):
    """DrNAS: a mixture of all candidates whose shares are drawn from a Dirichlet distribution.

    The `probabilities` are the mean of the shares. Unlike those of a softmax they change when all logits of a
    choice move together, and the search becomes more or less certain by that.
    """

    temperature: float = temperature_option(
        1.0, "divides the concentrations; 1 is DrNAS, lower is nearer to the mean"
    )

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        temperature = self.temperature_after(progress)
        return Sample(dirichlet_sample(logits, temperature, generator), one_hot=False)

    def probabilities(self, logits: Tensor) -> Tensor:
        return dirichlet_mean(logits)
