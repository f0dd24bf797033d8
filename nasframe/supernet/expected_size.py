"""The expected number of parameters of the derived network, differentiable in the logits (paper, 3.7)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from nasframe.network import FIXED
from nasframe.relaxations import Sample
from nasframe.supernet.supernet import Supernet

__all__ = ["expected_parameters"]


def expected_parameters(supernet: Supernet, probabilities: Mapping[str, Sample]) -> Tensor:
    """Return the expected number of parameters under independent choices, a scalar.

    Σᵢ costᵢ·(1 − Πₑ(1 − pₑ)) over fixed nodes i all of whose outgoing edges e are choices (a projection is
    kept if any edge keeps it), plus Σ_nodes Σ_k p_k·cost_k over the nodes and edges that choose.
    """
    wiring, costs = supernet.wiring, supernet.shapes.costs
    total = next(iter(supernet.architecture_parameters()), torch.zeros(())).new_zeros(())
    uses: dict[str, dict[str, Tensor] | None] = {}
    for (target, port), edges in wiring.arrivals.items():
        chosen = wiring.port_sources.get((target, port))
        for edge in edges:
            row = {} if edge.choice is None else _row(supernet, edge.choice.name, probabilities)
            for candidate, chance in row.items():
                cost = costs.get((edge.name, candidate))
                total = total + chance * (cost.parameters if cost is not None else 0)
            if chosen is not None:
                # one candidate may send a source to one port, and another to another: never both
                known = uses.setdefault(edge.source, {})
                weights = [*_row(supernet, chosen.choice.name, probabilities).values()]
                there = total.new_zeros(()) + sum(
                    weights[i] for i in chosen.places(edge.label, (target, port))
                )
                name = f"{chosen.choice.name}={edge.label}"
            elif edge.choice is not None:
                known, name = uses.setdefault(edge.source, {}), edge.choice.name
                absent = wiring.absent(name)
                there = 1 - row[absent] if absent is not None else torch.ones_like(total)
            else:
                known, there, name = None, torch.ones_like(total), ""
                uses[edge.source] = None  # always used
            if edge.operation is not None:
                total = total + there * costs[edge.name, edge.operation.name].parameters
            if known is not None and chosen is not None:
                known[name] = total.new_zeros(()) + sum(weights[i] for i in chosen.places(edge.label))
            elif known is not None:
                known[name] = there
    for name, node in wiring.nodes.items():
        if node.choice is not None:
            for candidate, chance in _row(supernet, node.choice.name, probabilities).items():
                total = total + chance * costs[name, candidate].parameters
        elif (name, FIXED) in costs and (size := costs[name, FIXED].parameters):
            chances = uses.get(name)
            kept = 1 - torch.stack([1 - chance for chance in chances.values()]).prod() if chances else 1
            total = total + size * kept
    return total


def _row(supernet: Supernet, choice: str, probabilities: Mapping[str, Sample]) -> dict[str, Tensor]:
    """Return candidate → probability, a scalar each."""
    table, row = supernet.logits.place[choice]
    return dict(zip(table.candidates, probabilities[table.key].weights[row].unbind(), strict=True))
