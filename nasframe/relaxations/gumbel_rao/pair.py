"""Gumbel-Rao with infinitely many conditional draws between two candidates, where one integral is left.

The loser's weight is s = σ(-softplus(b)/τ) with b = log(E_j / E_I) - log p_j (see `conditional`), so that
b + log p_j has the logistic density. The nodes in b are fixed, s at them is known beforehand, and only the
density depends on the logits:

    E[s(1 - s)] = ∫ σ'(b + log p_j) s(b) (1 - s(b)) db.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
import torch.nn.functional as F
from attrs import frozen
from torch import Tensor

__all__ = ["jacobian_of_two", "weights_of_two"]


def jacobian_of_two(log_p: Tensor, winner: Tensor, temperature: float) -> Tensor:
    """Return the mean Jacobian `(choices, 2, 2)` for `log_p` `(choices, 2)` and `winner` `(choices, 1)`."""
    rule = _rule(temperature, log_p.dtype, log_p.device)
    return torch.mm(rule.density(log_p, winner), rule.slope).view(-1, 2, 2)


def weights_of_two(log_p: Tensor, winner: Tensor, temperature: float) -> Tensor:
    """Return the mean weights `(choices, 2)` for `log_p` `(choices, 2)` and `winner` `(choices, 1)`."""
    rule = _rule(temperature, log_p.dtype, log_p.device)
    loser = torch.mv(rule.density(log_p, winner), rule.share).unsqueeze(-1)
    return torch.where(F.one_hot(winner.squeeze(-1), 2).bool(), 1 - loser, loser)


@frozen(eq=False)
class _Rule:
    """A rule of quadrature.

    Attributes:
        nodes: b, `(nodes,)`.
        share: the step times s at the nodes, `(nodes,)`.
        slope: the step times s(1 - s)/τ with the signs of a Jacobian, `(nodes, 4)`.
    """

    nodes: Tensor
    share: Tensor
    slope: Tensor

    def density(self, log_p: Tensor, winner: Tensor) -> Tensor:
        """Return the density of b at the nodes, `(choices, nodes)`."""
        below = torch.sigmoid(log_p.gather(-1, 1 - winner) + self.nodes)
        return torch.addcmul(below, below, below, value=-1)


@lru_cache(maxsize=16)
def _rule(temperature: float, dtype: torch.dtype, device: torch.device) -> _Rule:
    """Return the rule for a temperature, in even steps.

    Both ends fall off exponentially or faster, which makes the trapezoid rule nearly Gaussian. Towards -∞ the
    density vanishes, towards ∞ s does, as e^(-b/τ).
    """
    # cached, so ordinary tensors even when first made in inference mode
    with torch.inference_mode(False), torch.no_grad():
        step = 0.5
        # beyond the first the density is e^-16 τ, beyond the last s is e^-18
        first, last = math.log(min(temperature, 1.0)) - 16, min(18 * temperature + 2, 600.0)
        nodes = torch.arange(first, last, step, dtype=torch.float64, device="cpu")
        share = torch.sigmoid(-F.softplus(nodes) / temperature)
        signs = torch.tensor([1.0, -1.0, -1.0, 1.0], dtype=torch.float64, device="cpu")
        slope = torch.outer(share * (1 - share) / temperature, signs)
        return _Rule(
            nodes.to(device, dtype), (share * step).to(device, dtype), (slope * step).to(device, dtype)
        )
