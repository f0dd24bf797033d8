"""ReinMax: one candidate forward, a backward pass that is accurate to second order."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from nasframe.relaxations.noise import categorical, working_dtype
from nasframe.relaxations.relaxation import Sample
from nasframe.relaxations.schedule import ScheduledRelaxation, schedule_last, temperature_option
from nasframe.relaxations.surrogate import one_hot, softmax_jacobian, with_jacobian

__all__ = ["ReinMax", "reinmax_sample"]


def reinmax_sample(
    logits: Tensor, temperature: float = 1.0, generator: torch.Generator | None = None
) -> Tensor:
    """Return a sample of the ReinMax estimator (Liu, Dong, Liu, Yu, Gao 2023, algorithm 2).

    Forward is D, drawn from p = softmax(θ). With J(q) = diag(q) - q qᵀ, the Jacobian of a softmax whose
    value is q, backward is

        2 J((D + softmax(θ/τ)) / 2) - J(p) / 2.

    At τ = 1 its mean over D is Heun's rule (the trapezoid) for the differences f(D') - f(D) of which the
    exact gradient consists, where plain straight-through is Euler's. So it is unbiased for every quadratic
    function of the weights of one choice; straight-through only for every linear one.

    Args:
        logits: θ, `(choices, candidates)`; the result has its shape and dtype.
        temperature: τ, greater than 0.
        generator: where the noise comes from; None is torch's global generator.
    """
    wanted = logits.requires_grad and torch.is_grad_enabled()
    with torch.no_grad():
        log_p = torch.log_softmax(logits.to(working_dtype(logits.dtype)), dim=-1)
        drawn = one_hot(categorical(log_p, generator), log_p)
        if not wanted:
            return drawn.to(logits.dtype)
        middle = (drawn + torch.softmax(log_p / temperature, dim=-1)) / 2
        jacobian = 2 * softmax_jacobian(middle) - softmax_jacobian(log_p.exp()) / 2
    return with_jacobian(logits, drawn, jacobian)


@attrs.frozen(kw_only=True, field_transformer=schedule_last)
class ReinMax(ScheduledRelaxation):
    """ReinMax: samples one candidate, gradient accurate to second order around what was drawn.

    The authors recommend temperatures of 1 and more, where Gumbel-softmax wants less than 1. The default
    is 1, the only one at which the second order holds. Others are smoother or sharper, but biased; whether
    their gradient is less noisy depends on the function.
    """

    temperature: float = temperature_option(
        1.0, "of the softmax in the gradient; 1 is least biased, the authors recommend 1 or more"
    )

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        temperature = self.temperature_after(progress)
        return Sample(reinmax_sample(logits, temperature, generator), one_hot=True)
