"""The scores of a degradation in a file of their own, by which an interrupted measurement goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from attrs import frozen

from nasframe.errors import RunError
from nasframe.runtime import (
    MAX_EXACT_INTEGER,
    MAX_LISTING_BYTES,
    Each,
    Fields,
    Flag,
    Items,
    Number,
    Shape,
    Text,
    read_json,
    write_json,
)
from nasframe_audiovisual import Square, WindowPlace
from nasframe_deepfake.robustness.degraded_scores import CleanScore

__all__ = ["KeptScores"]

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


def _document(score: Shape) -> Fields:
    return Fields({"key": Text(), "scores": Each(score), "left_out": Each(Text())})


@frozen
class KeptScores:
    """The files of a measurement: one for the clean clips, one for each degradation that is done.

    Attributes:
        folder: that is there.
    """

    folder: Path

    def clean(self, key: str) -> tuple[dict[str, CleanScore], dict[str, str]] | None:
        """Return name → score of the clean clips, and name → reason of those without one.

        It is None where there are none, or those of another `key`.
        """
        if (found := self._read(CLEAN, key, _document(_CLEAN))) is None:
            return None
        scores = {
            name: CleanScore(
                one["log_odds"],
                WindowPlace(one["start"], Square(**one["square"]), one["upside_down"]),
                one["digest"],
            )
            for name, one in found["scores"].items()
        }
        return scores, found["left_out"]

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
        self._write(CLEAN, key, rows, left_out)

    def degraded(
        self, name: str, key: str, levels: int
    ) -> tuple[dict[str, list[float]], dict[str, str]] | None:
        """Return the same of a degradation: name → a score for each level."""
        found = self._read(name, key, _document(Items(Number(), least=levels)))
        if found is None or any(len(values) != levels for values in found["scores"].values()):
            return None
        return found["scores"], found["left_out"]

    def keep_degraded(
        self, name: str, key: str, scores: Mapping[str, Sequence[float]], left_out: Mapping[str, str]
    ) -> None:
        """Write the scores of a degradation, whole or not at all."""
        self._write(name, key, scores, left_out)

    def _read(self, name: str, key: str, shape: Shape) -> Any:
        path = self.folder / f"{name}.json"
        if not path.exists():
            return None
        try:
            found = read_json(path, shape, limit=MAX_LISTING_BYTES)
        except RunError:  # damaged: it is made again
            return None
        return found if found["key"] == key else None

    def _write(self, name: str, key: str, scores: Mapping[str, Any], left_out: Mapping[str, str]) -> None:
        content = {"key": key, "scores": dict(scores), "left_out": dict(left_out)}
        write_json(self.folder / f"{name}.json", content)
