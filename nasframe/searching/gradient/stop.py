"""The stop rule of a search: low entropy that no longer falls, and an architecture that stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.searching.gradient.options import SearchOptions

__all__ = ["has_converged"]


def has_converged(history: Sequence[Mapping[str, Any]], options: SearchOptions) -> bool:
    """Return True where the stop rule holds after the last epoch of `history`.

    Each record holds `entropy` (group → mean normalised entropy) and `derived` (the fingerprint of the
    architecture that the epoch's probabilities give). After `min_epochs`: every entropy at or below
    `level`, none changed by `tolerance` or more in the last epoch, the architecture the same for
    `patience` epochs.

    Example:
        >>> from nasframe import SearchOptions
        >>> options = SearchOptions(min_epochs=2, patience=1, level=0.5)
        >>> undecided = {"entropy": {"alpha": 0.9}, "derived": "5f3a"}
        >>> decided = {"entropy": {"alpha": 0.4}, "derived": "5f3a"}
        >>> has_converged([undecided, decided], options)
        False
        >>> has_converged([undecided, decided, decided], options)
        True
    """
    if len(history) < max(options.min_epochs, options.patience + 1, 2):
        return False
    last, before = history[-1]["entropy"], history[-2]["entropy"]
    low = all(value <= options.level for value in last.values())
    steady = all(abs(value - before[group]) < options.tolerance for group, value in last.items())
    same = len({record["derived"] for record in history[-options.patience - 1 :]}) == 1
    return low and steady and same
