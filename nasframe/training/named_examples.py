"""The examples of a batch by their names, and those that hold a number that is not finite."""

from __future__ import annotations

from collections.abc import Sequence

from nasframe.runtime import format_names, is_finite, rows_not_finite
from nasframe.tasks import Batch
from nasframe.training.batches import DrawnBatch

__all__ = ["bad_inputs", "names_of"]

_MOST_NAMES = 64


def bad_inputs(batch: Batch) -> list[str]:
    """Return a sentence for each input, and for the targets, that holds a number that is not finite."""
    lines = []
    parts = {f"the input {name!r}": value for name, value in batch.inputs.items()}
    for name, value in {**parts, "the target": batch.targets}.items():
        if not is_finite(value):
            bad = rows_not_finite(value).nonzero().flatten().tolist()
            lines.append(f"Not finite is {name} of {names_of(batch, bad)}.")
    return lines


def names_of(batch: Batch, places: Sequence[int]) -> str:
    """Return the names of the examples at some places of a batch, for an error message."""
    if isinstance(batch, DrawnBatch):
        names = batch.identifiers
        shown = [names[place] for place in places]
    else:
        shown = [f"number {place} of the batch" for place in places]
    return format_names(shown, _MOST_NAMES)
