"""Random numbers for relaxations: cheap, never infinite, and the same on every device for one generator."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["categorical", "log_exponential", "logistic", "uniform", "working_dtype"]


def working_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype a relaxation computes in: float32, or float64 where the logits have it."""
    return torch.promote_types(dtype, torch.float32)


def uniform(shape: Sequence[int], like: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return independent uniforms in [0, 1), with the dtype and device of `like`.

    They are drawn on the device of the generator, so that a CPU generator gives the same numbers everywhere.
    """
    device = like.device if generator is None else generator.device
    return torch.rand(tuple(shape), generator=generator, dtype=like.dtype, device=device).to(like.device)


def log_exponential(shape: Sequence[int], like: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return logarithms of independent Exp(1) variables: standard Gumbel variables with the sign changed.

    -log(U) is several times cheaper than `Tensor.exponential_`. U is below 1, so only U = 0 must be kept
    from becoming infinite.
    """
    return uniform(shape, like, generator).clamp_min_(_half_step(like.dtype)).log_().neg_().log_()


def logistic(shape: Sequence[int], like: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return logarithms of the ratio of two independent Exp(1) variables: log(U/(1-U)), one uniform each."""
    return uniform(shape, like, generator).clamp_min_(_half_step(like.dtype)).logit_()


def categorical(log_p: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return the index of one candidate a row, drawn by the Gumbel-max trick (paper, 3.2): `(choices, 1)`.

    Args:
        log_p: logarithms of the probabilities, `(choices, candidates)`; a constant in a row changes nothing.
        generator: where the noise comes from; None is torch's global generator.
    """
    return (log_p - log_exponential(log_p.shape, log_p, generator)).argmax(dim=-1, keepdim=True)


def _half_step(dtype: torch.dtype) -> float:
    """Return half the distance between neighbouring uniforms of this dtype."""
    return torch.finfo(dtype).eps / 4
