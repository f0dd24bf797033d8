"""The scores of the clean clips, and of each degradation that is done, each in a file of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
from attrs import frozen

from nasframe.runtime import MAX_EXACT_INTEGER, Fields, Flag, Items, Number, Text
from nasframe_audiovisual import Square, WindowPlace
from nasframe_deepfake.kept_scores import KeptScores
from nasframe_deepfake.robustness.degraded_scores import CleanScore

__all__ = ["KeptDegradations"]

CLEAN = "clean"

_PIXELS = Number(-MAX_EXACT_INTEGER, MAX_EXACT_INTEGER, whole=True)
_CLEAN = Fields(
    {
        "log_odds": Number(),
        "start": Number(0),
        "square": Fields({"left": _PIXELS, "top": _PIXELS, "side": _PIXELS}),
        "upside_down": Flag(),
        "digest": Text(),
    }
)


@frozen
class KeptDegradations:
    """The files of a measurement: one for the clean clips, one for each degradation that is done.

    Attributes:
        scores: these files.
    """

    scores: KeptScores

    def clean(self, key: str) -> tuple[dict[str, CleanScore], dict[str, str]] | None:
        """Return name → score of the clean clips, and name → reason of those without one.

        It is None where there are none, or those of another `key`.
        """
        if (found := self.scores.read(CLEAN, key, _CLEAN)) is None:
            return None
        rows, left_out = found
        scores = {
            name: CleanScore(
                one["log_odds"],
                WindowPlace(one["start"], Square(**one["square"]), one["upside_down"]),
                one["digest"],
            )
            for name, one in rows.items()
        }
        return scores, left_out

    def keep_clean(self, key: str, scores: Mapping[str, CleanScore], left_out: Mapping[str, str]) -> None:
        """Write the scores of the clean clips, whole or not at all."""
        rows = {
            name: {
                "log_odds": one.log_odds,
                "start": one.place.start,
                "square": attrs.asdict(one.place.square),
                "upside_down": one.place.upside_down,
                "digest": one.digest,
            }
            for name, one in scores.items()
        }
        self.scores.write(CLEAN, key, rows, left_out)

    def degraded(
        self, name: str, key: str, levels: int
    ) -> tuple[dict[str, list[float]], dict[str, str]] | None:
        """Return the same of a degradation: name → a score for each level."""
        found = self.scores.read(name, key, Items(Number(), least=levels))
        if found is None or any(len(values) != levels for values in found[0].values()):
            return None
        return found

    def keep_degraded(
        self, name: str, key: str, scores: Mapping[str, Sequence[float]], left_out: Mapping[str, str]
    ) -> None:
        """Write the scores of a degradation, whole or not at all."""
        self.scores.write(name, key, scores, left_out)
