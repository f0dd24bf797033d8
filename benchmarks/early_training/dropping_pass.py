"""A pass through the supernet that drops sources."""

from __future__ import annotations

from typing import Any

import torch
from early import Now
from torch import Tensor

from nasframe.supernet.forward_pass import ForwardPass
from nasframe.supernet.plan import NodePlan, PortPlan, Source

__all__ = ["DroppingPass"]


class DroppingPass(ForwardPass):
    """A pass that multiplies each chosen source of a node by 0 or 1/q, in each example, with mean 1.

    The sources into one node are one group, whatever the port: those into x and y of a cell too. Each of the
    n that a sample keeps is dropped with probability d; where all are, one of them stays, drawn uniformly.
    So each is kept with probability q = 1 - d + dⁿ/n, and no node is ever without an input. A source that is
    not in the sample, which has a value where logits learn, is kept with probability 1 - d.

    Args:
        now: the probability d, and the noise.
        given: see `ForwardPass`.
    """

    def __init__(self, now: Now, **given: Any) -> None:
        super().__init__(**given)
        self.now, self.group = now, ""
        self.of_groups: dict[str, dict[object, Tensor]] = {}
        self.of_port: dict[object, Tensor] = {}

    def _evaluate(self, plan: NodePlan) -> Tensor | None:
        self.group = _group_of(plan)
        return super()._evaluate(plan)

    def _sum(self, port: PortPlan) -> Tensor | None:
        if self.now.dropout:
            if self.group not in self.of_groups:
                self.of_groups[self.group] = self._draw()
            self.of_port = self.of_groups[self.group]
        try:
            return super()._sum(port)
        finally:
            self.of_port = {}

    def _edge(self, source: Source) -> Tensor | None:
        value, factor = super()._edge(source), self.of_port.get(_decision(source))
        if value is None or factor is None:
            return value
        return value * factor.reshape(-1, *[1] * (value.dim() - 1))

    def _draw(self) -> dict[object, Tensor]:
        """Return the factor `(batch,)` of each source into the group."""
        d, noise, batch = self.now.dropout, self.now.noise, len(next(iter(self.inputs.values())))
        there: dict[object, bool] = {}
        for plan in self.plan.nodes:
            for port in plan.ports if _group_of(plan) == self.group else ():
                for source in port.sources:
                    if source.table is not None:
                        key = _decision(source)
                        there[key] = there.get(key, False) or self._is_selected(source)
        kept, others = ([key for key, value in there.items() if value is wanted] for wanted in (True, False))
        found: dict[object, Tensor] = {}
        if kept:
            stays = torch.rand(len(kept), batch, generator=noise) >= d
            none = (~stays.any(0)).nonzero().squeeze(1)
            stays[torch.randint(len(kept), (len(none),), generator=noise), none] = True
            found |= dict(zip(kept, stays.float() / (1 - d + d ** len(kept) / len(kept)), strict=True))
        if others and not self.sparse:
            stays = torch.rand(len(others), batch, generator=noise) >= d
            found |= dict(zip(others, stays.float() / (1 - d), strict=True))
        return found


def _group_of(plan: NodePlan) -> str:
    """Return the node that a plan's ports feed: the cell, for a cell's inputs."""
    passes_on = plan.relays and len(plan.ports) == 1 and plan.candidates is None
    return plan.name.rpartition("/")[0] if passes_on else plan.name


def _decision(source: Source) -> object:
    """Return what stands for a source at all ports that one choice decides about."""
    return source.table, source.row, source.node
