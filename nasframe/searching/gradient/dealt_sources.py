"""The cost of sources that are dealt out at derivation: the search evaluated another function."""

from __future__ import annotations

from collections.abc import Mapping

from nasframe.space import SearchSpace

__all__ = ["cost_of_dealing"]


def cost_of_dealing(
    space: SearchSpace,
    objective: str,
    searched: Mapping[str, float | None],
    built: Mapping[str, float | None],
) -> str:
    """Return a sentence with the objective on validation of one architecture, as searched and as built.

    Args:
        space: which deals sources out.
        objective: name of a metric.
        searched: metrics of the supernet under the architecture's one-hot weights.
        built: metrics of its network with the supernet's weights.

    Example:
        >>> space = SearchSpace("fusion", exact="space.ports=distinct")
        >>> print(cost_of_dealing(space, "auc", {"auc": 0.91}, {"auc": 0.62}))
        The space deals the sources of a node out to its ports only when a network is built: for this \
architecture the search evaluated 0.910, and the network that is built gets 0.620 with the same weights (auc \
on validation). With space.ports=distinct the search evaluates what is built.
    """
    told = (
        "The space deals the sources of a node out to its ports only when a network is built: for this "
        f"architecture the search evaluated {_shown(searched.get(objective))}, and the network that is built "
        f"gets {_shown(built.get(objective))} with the same weights ({objective} on validation)."
    )
    return f"{told} With {space.exact} the search evaluates what is built." if space.exact else told


def _shown(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
