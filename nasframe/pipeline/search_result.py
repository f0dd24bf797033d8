"""The result of a search, in memory or in a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen

from nasframe.runs import Run
from nasframe.space import Architecture

__all__ = ["SearchResult"]


@frozen
class SearchResult:
    """The result of a search.

    Attributes:
        architecture: the derived one.
        history: a record an epoch: losses, validation metrics, entropies, probabilities.
        converged: True where the stop rule held before the epochs were used up, or the loop has none.
        run: the folder it was written to, None where nothing was written.
    """

    architecture: Architecture
    history: Sequence[Mapping[str, Any]] = field(repr=False)
    converged: bool
    run: Run | None = None
