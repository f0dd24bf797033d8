"""A section of a run's report: the epoch from which each choice kept its most probable candidate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nasframe import Run, hookimpl

if TYPE_CHECKING:
    from nasframe.display import Section

__all__ = ["decisions", "report_sections"]


def decisions(history: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, int]]:
    """Return choice → its most probable candidate at the end, and the epoch from which it was that."""
    favourites = [
        {name: max(row, key=row.__getitem__) for name, row in line["probabilities"].items()}
        for line in history
    ]
    found = {}
    for name, last in favourites[-1].items():
        others = [number for number, found in enumerate(favourites) if found[name] != last]
        first = others[-1] + 1 if others else 0
        found[name] = (last, int(history[first]["epoch"]))
    return found


@hookimpl
def report_sections(run: Run) -> list[Section]:
    from nasframe.display import Column, Line, LineChart, Section, Table  # only pages need it

    history = run.history("search")
    if not history:
        return []
    found = decisions(history)
    counts = Counter(epoch for _, epoch in found.values())
    epochs = [int(line["epoch"]) for line in history]
    decided = [(epoch, sum(counts[other] for other in epochs if other <= epoch)) for epoch in epochs]
    return [
        Section(
            "When each choice was made",
            [
                "A choice is made in the epoch from which its most probable candidate stayed the same.",
                Table(
                    "decisions",
                    "Choices",
                    [Column("choice"), Column("candidate"), Column("epoch", unit="count")],
                    [[name, candidate, epoch] for name, (candidate, epoch) in found.items()],
                ),
                LineChart(
                    name="decided",
                    title="Choices that are made",
                    x="epoch",
                    y="choices",
                    is_whole=True,
                    y_low=0.0,
                    lines=[Line("made", decided)],
                ),
            ],
        )
    ]
