"""The people, or nameless clips, that a bootstrap draws, and what is said of so many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from nasframe.runtime import counted

__all__ = ["Drawn"]

_FEW = 10
"""People, below which a percentile bootstrap over them covers too little."""


@frozen
class Drawn:
    """The units that are drawn for an interval.

    Attributes:
        people: number of people.
        clips: number of clips whose data set names nobody. Each counts as a person, and clips of one name as
            one.
    """

    people: int
    clips: int = 0

    @classmethod
    def of(cls, names: Sequence[str], nameless: Sequence[int] = ()) -> Drawn:
        """Return the units of some clips.

        Args:
            names: of the person of each clip, or of what stands for one.
            nameless: 1 for a clip whose name is that of no person, else 0; empty: all are of people.
        """
        clips = {name for name, is_nameless in zip(names, nameless, strict=bool(nameless)) if is_nameless}
        return cls(len({*names} - clips), len(clips))

    @classmethod
    def read(cls, report: Mapping[str, Any]) -> Drawn:
        """Return the units that `record` has written; in an older report all of them are people."""
        return cls(report["people"], report.get("nameless_clips", 0))

    def record(self) -> dict[str, int]:
        """Return `people`, and `nameless_clips` where there are some, for a report."""
        return {"people": self.people, **({"nameless_clips": self.clips} if self.clips else {})}

    @property
    def count(self) -> int:
        """All of them."""
        return self.people + self.clips

    @property
    def noun(self) -> str:
        """The word for them: `people`, `clips` or `people and clips`."""
        return "people" if not self.clips else "people and clips" if self.people else "clips"

    def in_words(self) -> str:
        """Return their numbers: `6 people`, `40 nameless clips`, or both."""
        people, clips = counted(self.people, "person", "people"), counted(self.clips, "nameless clip")
        return {"people": people, "clips": clips}.get(self.noun, f"{people} and {clips}")

    def caveat(self) -> str | None:
        """Return the sentence beside intervals over so few; None where they are enough."""
        if self.count >= _FEW:
            return None
        if self.count == 1:
            return f"The test split has {self.in_words()}, so there are no intervals."
        return (
            f"The test split has {self.in_words()}, by {'which' if self.clips else 'whom'} the intervals are "
            "drawn: with so few they tend to be too narrow."
        )
