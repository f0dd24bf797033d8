"""The seconds of some clips at a time in a file of their own, until the report is written."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import attrs
from attrs import frozen

from nasframe.runtime import Fields, Flag, Items, Nullable, Number, Text
from nasframe_deepfake.kept_scores import KeptScores
from nasframe_deepfake.per_second.labelling import LabelledSecond

__all__ = ["KeptSeconds"]

_SECONDS = Items(
    Fields(
        {
            "number": Number(0, whole=True),
            "altered": Flag(),
            "log_odds": Nullable(Number()),
            "reason": Text(),
        }
    )
)

Seconds = Mapping[str, Sequence[LabelledSecond]]


@frozen
class KeptSeconds:
    """The files of a measurement that is not done, one for each group of clips.

    Attributes:
        scores: these files.
    """

    scores: KeptScores

    @classmethod
    def beside(cls, report: Path) -> KeptSeconds:
        """Return those of the report that will be written to a path."""
        return cls(KeptScores(report.with_name(f"{report.name}.partial")))

    def group(self, number: int, key: str) -> tuple[Seconds, Mapping[str, str]] | None:
        """Return the seconds of the clips of a group, and the reasons of those without; see `KeptScores`."""
        if (found := self.scores.read(_name(number), key, _SECONDS)) is None:
            return None
        rows, left_out = found
        return {name: [LabelledSecond(**row) for row in seconds] for name, seconds in rows.items()}, left_out

    def keep_group(self, number: int, key: str, seconds: Seconds, left_out: Mapping[str, str]) -> None:
        """Write the seconds of a group, whole or not at all."""
        rows = {name: [attrs.asdict(second) for second in one] for name, one in seconds.items()}
        self.scores.write(_name(number), key, rows, left_out)

    def remove(self) -> None:
        """Remove all that was kept, and nothing else."""
        for path in self.scores.folder.glob(f"{_name('*')}.json"):
            path.unlink()
        with contextlib.suppress(OSError):  # it is not there, or holds files of somebody else
            self.scores.folder.rmdir()


def _name(number: int | str) -> str:
    return f"seconds-{number:05}" if isinstance(number, int) else f"seconds-{number}"
