"""Sparsemax: the point of the simplex nearest to the logits, with exact zeros for the weak candidates.

By hand, as torch has no sparsemax.
"""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from nasframe.relaxations.noise import working_dtype
from nasframe.relaxations.relaxation import Relaxation, Sample
from nasframe.relaxations.schedule import temperature_option
from nasframe.relaxations.surrogate import softmax_jacobian, with_jacobian

__all__ = ["Sparsemax", "simplex_projection"]


def simplex_projection(logits: Tensor, temperature: float = 1.0) -> Tensor:
    """Return the Euclidean projection of logits/temperature onto the simplex (Martins, Astudillo 2016).

    The weights are max(z_j - t, 0), with the threshold t that makes their sum 1 (their algorithm 1). With s
    the indicator of the support, the candidates of weight above 0, the Jacobian is
    (diag(s) - s sᵀ / |s|) / temperature. A candidate off the support gets no gradient.

    Args:
        logits: `(choices, candidates)`; the result has its shape and dtype.
        temperature: greater than 0.

    Example:
        >>> simplex_projection(torch.tensor([[1.0, 0.5, -2.0]]))
        tensor([[0.7500, 0.2500, 0.0000]])
    """
    with torch.no_grad():
        z = logits.to(working_dtype(logits.dtype)) / temperature
        # the threshold is at least max z - 1: lower values are off the support, and would cost digits
        z = (z - z.amax(dim=-1, keepdim=True)).clamp_min_(-1.0)
        ordered = z.sort(dim=-1, descending=True).values
        ranks = torch.arange(1, z.shape[-1] + 1, dtype=z.dtype, device=z.device)
        excess = ordered.cumsum(dim=-1) - 1
        size = (ranks * ordered > excess).sum(dim=-1, keepdim=True)
        weights = (z - excess.gather(-1, size - 1) / size).clamp_min_(0.0)
        support = (weights > 0).to(z.dtype)
        share = support.sum(dim=-1)[:, None, None]
        jacobian = softmax_jacobian(support) / (share * temperature)
    return with_jacobian(logits, weights, jacobian)


@attrs.frozen(kw_only=True)
class Sparsemax(Relaxation):
    """Sparsemax: a mixture without noise in which weak candidates have weight exactly zero.

    A candidate of weight zero gets no gradient, and gradient descent on the others never lowers the
    threshold that it fell below, since their gradients sum to zero: it never returns, unless weight decay or
    the uneven steps of Adam bring it back. A higher temperature keeps candidates for longer.

    The temperature stays as it is: `probabilities`, by which a search is evaluated and derived, are the
    weights themselves at every time.
    """

    temperature: float = temperature_option(
        1.0, "divides the logits; lower leaves fewer candidates with a weight"
    )

    def sample(
        self, logits: Tensor, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> Sample:
        return Sample(simplex_projection(logits, self.temperature), one_hot=False)

    def probabilities(self, logits: Tensor) -> Tensor:
        return simplex_projection(logits, self.temperature)
