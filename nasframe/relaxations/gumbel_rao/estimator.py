"""Gumbel-Rao Monte Carlo: the straight-through gradient averaged over the noise given the draw."""

from __future__ import annotations

from typing import Any, Literal

import attrs
import torch
from torch import Tensor

from nasframe.options import option
from nasframe.relaxations.gumbel_rao.conditional import (
    ConditionalAverage,
    conditional_average,
    conditional_log_ratios,
)
from nasframe.relaxations.gumbel_rao.exact import exact_jacobian, exact_weights
from nasframe.relaxations.noise import categorical, working_dtype
from nasframe.relaxations.relaxation import Sample
from nasframe.relaxations.schedule import ScheduledRelaxation, schedule_last, temperature_option
from nasframe.relaxations.surrogate import one_hot, with_jacobian

__all__ = ["GumbelRaoMonteCarlo", "gumbel_rao"]

_DRAWS_AT_ONCE = 2**20
"""Random numbers that are held together, and as many of each of a few intermediate results: 4 MB each."""


def gumbel_rao(
    logits: Tensor,
    samples: int | Literal["exact"],
    temperature: float,
    hard: bool = True,
    through_noise: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return a sample of the Gumbel-Rao estimator with K conditional draws.

    It is that of the paper, eq. 6–8 (Paulus, Maddison, Krause 2021).

    Forward is the sampled one-hot D. Backward is the Jacobian of the tempered softmax, averaged over K
    draws of the Gumbel noise given D; it is one matrix a choice, and no graph of the draws is kept. The
    mean of the gradient is that of straight-through Gumbel-softmax, its variance is smaller; K = 1 is
    straight-through Gumbel-softmax itself.

    With `samples="exact"` the average is over all of the conditional noise, K → ∞, by quadrature: only the
    noise of D is left, and it is cheaper than K = 100 (see `exact_jacobian` for how exact it is).

    Where the average is exact, and where `hard` is set and no gradient is wanted, the K draws are not made:
    the generator then draws D alone.

    Args:
        logits: θ, `(choices, candidates)`; the result has its shape and dtype.
        samples: K, at least 1, or "exact".
        temperature: τ, greater than 0.
        hard: D forward; else the mean of the K soft samples (eq. 15–16).
        through_noise: see `GumbelRaoMonteCarlo`; not with "exact".
        generator: where the noise comes from; None is torch's global generator.

    Raises:
        ValueError: `samples` is neither, or `through_noise` comes with "exact".

    Example:
        >>> logits = torch.tensor([[0.0, 1.0, 2.0]], requires_grad=True)
        >>> generator = torch.Generator().manual_seed(0)
        >>> weights = gumbel_rao(logits, samples=100, temperature=0.5, generator=generator)
        >>> weights.detach()
        tensor([[0., 1., 0.]])
        >>> (gradient,) = torch.autograd.grad(weights[0, 1], logits)
        >>> gradient.round(decimals=2)
        tensor([[-0.0500,  0.2800, -0.2300]])
    """
    _check_samples(samples, through_noise)
    wanted = logits.requires_grad and torch.is_grad_enabled()
    # autocast would multiply the K draws in half precision
    with torch.no_grad(), torch.autocast(logits.device.type, enabled=False):
        log_p = torch.log_softmax(logits.to(working_dtype(logits.dtype)), dim=-1)
        winner = categorical(log_p, generator)
        if hard and not wanted:
            return one_hot(winner, logits)
        if samples == "exact":
            value = one_hot(winner, log_p) if hard else exact_weights(log_p, winner, temperature)
            if not wanted:
                return value.to(logits.dtype)
            jacobian = exact_jacobian(log_p, winner, temperature)
        else:
            mean = _average_of_draws(log_p, winner, samples, temperature, through_noise, generator)
            value = one_hot(winner, log_p) if hard else mean.weights
            jacobian = mean.jacobian
    return with_jacobian(logits, value, jacobian)


def _average_of_draws(
    log_p: Tensor,
    winner: Tensor,
    samples: int,
    temperature: float,
    through_noise: bool,
    generator: torch.Generator | None,
) -> ConditionalAverage:
    """Return the average over K draws, some choices at a time; a processor draws the same numbers so."""
    choices, candidates = log_p.shape
    rows = max(1, _DRAWS_AT_ONCE // (candidates * samples))
    parts = []
    for first in range(0, max(choices, 1), rows):
        some = slice(first, first + rows)
        noise = conditional_log_ratios(log_p[some], winner[some], samples, generator)
        parts.append(conditional_average(log_p[some], winner[some], noise, temperature, through_noise))
    if len(parts) == 1:
        return parts[0]
    return ConditionalAverage(
        torch.cat([part.weights for part in parts]), torch.cat([part.jacobian for part in parts])
    )


def _check_samples(samples: object, through_noise: bool = False) -> None:
    if samples == "exact":
        if through_noise:
            raise ValueError(
                "samples = 'exact' has no derivative through the noise; "
                "leave through_noise out, or give a number of samples"
            )
    elif not isinstance(samples, int) or isinstance(samples, bool) or samples < 1:
        raise ValueError(f'samples must be at least 1 or "exact", found {samples!r}')


def _valid_samples(instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    _check_samples(value)


@attrs.frozen(kw_only=True, field_transformer=schedule_last)
class GumbelRaoMonteCarlo(ScheduledRelaxation):
    """Gumbel-Rao Monte Carlo: samples one candidate, gradient averaged over K draws of its noise.

    `through_noise` lets the derivative also go through the conditional draws, which depend on the logits.
    The paper's sentence below eq. 8 says so, but this is another estimator: the derivative of the mean
    soft sample given D. At a low temperature that mean is nearly D itself whatever the logits are, so the
    gradient is nearly zero and nothing learns. It is here for comparison, and is not the default.

    `samples = "exact"` averages over all of the noise by quadrature, and is faster than 100 draws. It has
    no `through_noise`.
    """

    samples: int | Literal["exact"] = option(
        100,
        help="K, the conditional draws averaged for a gradient; more is less noisy, "
        "and 'exact' is their limit, without draws",
        validator=_valid_samples,
        rule="1 or more",
    )
    temperature: float = temperature_option(0.1)
    hard: bool = option(True, help="one candidate in the forward pass; false gives the averaged weights")
    through_noise: bool = option(
        False, help="differentiate the conditional draws too; for comparison, its gradient is near zero"
    )

    def __attrs_post_init__(self) -> None:
        _check_samples(self.samples, self.through_noise)
        super().__attrs_post_init__()

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        temperature = self.temperature_after(progress)
        weights = gumbel_rao(logits, self.samples, temperature, self.hard, self.through_noise, generator)
        return Sample(weights, one_hot=self.hard)
