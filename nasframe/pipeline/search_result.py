"""The result of a search, in memory or in a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from nasframe.display import format_value
from nasframe.runs import Run
from nasframe.runtime import counted, visible
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

    def __repr__(self) -> str:
        """Return a few lines: the architecture, how far the search came, its last score, and its folder."""
        return "\n  ".join([f"<SearchResult of {self.architecture!r}", *self._facts()]) + ">"

    def _facts(self) -> Iterator[str]:
        converged = "converged" if self.converged else "not converged"
        trials = [record["score"] for record in self.history if record.get("stage") == "trial"]
        if trials:
            best = max((score for score in trials if score is not None), default=None)
            yield f"{counted(len(trials), 'trial')}, best score on validation {format_value(best)}"
        elif self.history:
            values = self.history[-1].get("validation", {}).items()
            scored = ", ".join(f"{visible(key)} {format_value(value)}" for key, value in values)
            yield f"{counted(len(self.history), 'epoch')}, {converged}"
            if scored:
                yield f"after the last one, on validation: {scored}"
        if self.run is not None:
            yield f"run {visible(str(self.run.path))}"
