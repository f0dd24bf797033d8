"""The expected number of parameters of the derived network, differentiable in the logits (paper, 3.7)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from nasframe.network import FIXED
from nasframe.relaxations import Sample
from nasframe.supernet import Supernet

__all__ = ["expected_parameters"]


def expected_parameters(supernet: Supernet, probabilities: Mapping[str, Sample]) -> Tensor:
    """Expected parameters under independent choices, a scalar.

    Σᵢ costᵢ·(1 − Πₑ(1 − pₑ)) over fixed nodes i all of whose outgoing edges e are choices (a projection is
    kept if any edge keeps it), plus Σ_nodes Σ_k p_k·cost_k over the nodes that choose.
    """
    wiring, place, costs = supernet.wiring, supernet.logits.place, supernet.shapes.costs
    some = next(iter(probabilities.values())).weights
    total = some.new_zeros(())
    uses: dict[str, dict[str, Tensor] | None] = {}
    for (target, port), edges in wiring.arrivals.items():
        port_choice = wiring.nodes[target].port_choices.get(port)
        for edge in edges:
            choice = port_choice or edge.choice
            if choice is None:
                uses[edge.source] = None  # always used
            elif (known := uses.setdefault(edge.source, {})) is not None:
                table, row = place[choice.name]
                weights = probabilities[table.key].weights[row]
                absent = edge.label if port_choice is not None else "zero"
                column = (
                    weights[table.candidates.index(absent)]
                    if absent in table.candidates
                    else some.new_zeros(())
                )
                known[f"{choice.name}={edge.label}"] = column if port_choice is not None else 1 - column
    for name, node in wiring.nodes.items():
        if node.is_input and node.operation is None:
            continue
        if node.choice is not None:
            table, row = place[node.choice.name]
            sizes = [costs[name, candidate].parameters for candidate in table.candidates]
            total = total + torch.dot(probabilities[table.key].weights[row], some.new_tensor(sizes))
            continue
        size = costs[name, FIXED].parameters
        chances = uses.get(name)
        if size and chances:
            total = total + size * (1 - torch.stack([1 - chance for chance in chances.values()]).prod())
        else:
            total = total + size
    return total
