"""Tables for the exact Gumbel-Rao Jacobian: a loser of the race, averaged over its own arrival time.

A loser with rate p, behind a winner that arrived at t, has weight y = (1 + E / (p t))^(-1/τ) relative to the
winner's 1, with E ~ Exp(1). What the Jacobian needs of it are, with c = p t,

    φ(r, c) = E e^(-r y),    γ(r, c) = E y e^(-r y) / φ(r, c),

at a few (t, r), for any p. Both are smooth in log p, so they are tabulated there, finely enough for straight
lines between, and the logits choose rows. The winner enters as a loser without delay: c = ∞, y = 1.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from attrs import frozen
from torch import Tensor

from nasframe.relaxations.gumbel_rao.quadrature import arrival_times, reciprocal

__all__ = ["RaceTable", "race_table"]

_ARRIVALS = 7
"""Nodes t: an error of 2e-6."""

_LINES = 40
"""Straight lines to three steps of the grid on which φ and γ are computed: an error of 5e-6."""


@frozen(eq=False)
class RaceTable:
    """log φ and γ at the nodes (t, r), as functions of log p.

    Attributes:
        lines: `(lines + 1, 2, 2 nodes)`, where a line begins and how far it goes: first log φ, then γ. The
            first line begins at p = 0, and the last is the winner's; its log φ has the logarithm of the
            weights in it, with which the sum over the nodes is 1/(τ S²).
        start: the place of log p = 0, counted in lines, `()`.
        scale: lines in a unit of log p.
        ratio: `(nodes,)`, turns the weights into those for 1/S.
    """

    lines: Tensor
    start: Tensor
    scale: float
    ratio: Tensor

    def look_up(self, log_p: Tensor, winner: Tensor) -> tuple[Tensor, Tensor]:
        """Return weight times Π φ, `(choices, nodes)`, and γ, `(choices, candidates, nodes)`.

        Args:
            log_p: `(choices, candidates)`.
            winner: `(choices, 1)`.
        """
        # NaN takes the first line; the fraction stays NaN, and so does the result
        place = torch.add(self.start, log_p, alpha=self.scale).clamp_min_(0)
        place = place.scatter_(-1, winner, len(self.lines) - 1).view(-1)
        begin, rise = self.lines.index_select(0, place.nan_to_num(nan=0.0).long()).unbind(1)
        found = torch.addcmul(begin, place.frac().unsqueeze(-1), rise)
        log_phi, gamma = found.view(*log_p.shape, -1).chunk(2, dim=-1)
        return log_phi.sum(dim=1).exp_(), gamma


@lru_cache(maxsize=8)
def race_table(temperature: float, candidates: int, dtype: torch.dtype, device: torch.device) -> RaceTable:
    """Return the table for a temperature and a number of candidates.

    It takes 2 ms and 2 MB; 6 MB at high temperatures.
    """
    # cached, so ordinary tensors even when first made in inference mode
    with torch.inference_mode(False), torch.no_grad():
        t, of_t = arrival_times(_ARRIVALS)
        r, of_r = reciprocal(candidates)
        step = 0.125 * math.sqrt(max(1.0, min(temperature, 4.0)))
        # rarer candidates have y below e^-12, and at low temperatures a mean below e^-20
        segments = math.ceil(max(24, 12 * min(temperature, 10.0) + 4) / (3 * step))
        missing, psi = _averages(temperature, t.log() - segments * 3 * step, r, step, 3 * segments + 4)
        both = torch.cat((torch.log1p(-missing).flatten(1), (psi / (1 - missing)).flatten(1)), dim=-1)
        points = torch.arange(_LINES, dtype=torch.float64, device="cpu") / _LINES * 3
        values = (_cubics(points) @ both.unfold(0, 4, 3).mT).flatten(0, 1)
        values[0] = 0
        winner = torch.zeros_like(values[:1])
        log_weight = of_t.log().unsqueeze(-1) + (of_r * r).log() - r - math.log(temperature)
        winner[0] = torch.cat((log_weight.flatten(), torch.ones_like(log_weight).flatten()))
        # log p = 0 is where the line before the winner's begins, and nothing lies beyond
        values = torch.cat((values[: segments * _LINES + 1], winner))
        rises = values.diff(dim=0, append=winner)
        rises[-2] = 0
        lines = torch.stack((values, rises), dim=1)
        return RaceTable(
            lines=lines.to(device, dtype),
            start=torch.tensor(segments * _LINES, dtype=dtype, device=device),
            scale=_LINES / (3 * step),
            ratio=(temperature / r).repeat(len(t)).to(device, dtype),
        )


def _cubics(x: Tensor) -> Tensor:
    """Return, at x, the cubics that are one at 0, 1, 2 or 3 and zero at the others: `(points, 4)`."""
    nodes = torch.arange(4, dtype=torch.float64, device="cpu")
    values: Tensor = torch.linalg.solve(torch.vander(nodes, N=4), torch.vander(x, N=4), left=False)
    return values


def _averages(
    temperature: float, lowest: Tensor, r: Tensor, step: float, count: int
) -> tuple[Tensor, Tensor]:
    """Return 1 - φ and E y e^(-r y) at log c = lowest + n step for n below `count`.

    Both are `(count, len(lowest), len(r))`.

    With E = c v both are ∫ k(c v) f(v) d log v with k(x) = x e^(-x): one convolution in the logarithms,
    by the trapezoid rule with twice the step.
    """
    alpha = 1 / temperature
    start = -18 - math.log(max(alpha, 1.0))
    # beyond, e^(-c v) or y(v) v is negligible
    stop = min(4 - float(lowest.min()), 25 / (alpha - 1) + 2 if alpha > 1 else math.inf)
    points = math.ceil((stop - start) / (2 * step))
    log_v = start + 2 * step * torch.arange(points, dtype=torch.float64, device="cpu")
    y = torch.exp(-alpha * torch.log1p(log_v.exp())).unsqueeze(-1)
    decay = torch.exp(-r * y)
    both = torch.cat((-torch.expm1(-r * y), y * decay), dim=-1) * (2 * step)
    offsets = start + step * torch.arange(count + 2 * points - 2, dtype=torch.float64, device="cpu")
    log_x = lowest.unsqueeze(-1) + offsets
    kernel = torch.exp(log_x - log_x.clamp(max=7.0).exp())
    windows = kernel.unfold(-1, 2 * points - 1, 1)[..., ::2]
    missing, psi = (windows @ both).transpose(0, 1).chunk(2, dim=-1)
    return missing, psi
