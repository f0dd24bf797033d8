"""The derivation rule of DARTS (Liu, Simonyan, Yang, ICLR 2019, section 2.4)."""

from __future__ import annotations

from typing import Any

from nasframe import SearchSpace

__all__ = ["strongest_edges"]


def strongest_edges(space: SearchSpace, probabilities: Any) -> dict[str, str]:
    """Keep the strongest edges of every port that keeps a number of them, each with its strongest operation.

    The strength of an edge is the largest probability of its operations, zero not counted. Of equal edges the
    first is kept. Any other decision takes its most probable alternative.
    """

    def strength(alternative: Any) -> list[float]:
        assigned = alternative.assigns
        kept = [pair for pair in assigned if len(assigned) == 1 or not space.wiring.removes(*pair)]
        return sorted((probabilities[name][value] for name, value in kept), reverse=True)

    return space.decisions.walk(lambda _, alternatives: max(alternatives, key=strength))
