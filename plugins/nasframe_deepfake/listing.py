"""What every reader of a data set answers: the clips, and all that could not be used."""

from __future__ import annotations

from pathlib import Path

from attrs import define, field, frozen

__all__ = ["CATEGORIES", "DESYNC", "Clip", "Listing"]

CATEGORIES = ("RV-RA", "FV-RA", "RV-FA", "FV-FA", "pairing")
"""Genuine; fake picture; fake voice; both; genuine streams that do not belong together."""

DESYNC = "desync"
"""Method of the false pairings, under whatever category they stand."""


@frozen
class Clip:
    """One clip of a listing; `path` is relative to its root, with forward slashes.

    Attributes:
        category: one of CATEGORIES.
        source: identity whose face is seen.
        targets: other identities that went into it.
    """

    path: str
    category: str
    method: str
    source: str
    targets: tuple[str, ...]
    race: str
    gender: str

    @property
    def fake(self) -> bool:
        return self.category != "RV-RA"

    @property
    def fake_picture(self) -> bool:
        """Whether the pictures were altered; a false pairing's are not, whatever type it stands under."""
        return self.category.startswith("FV") and self.method != DESYNC

    @property
    def fake_voice(self) -> bool:
        """Whether the sound was altered."""
        return self.category.endswith("FA") and self.method != DESYNC


@define
class Listing:
    """What a reader found. Everything that is not in `clips` is named, with the reason where there is one."""

    root: Path
    clips: list[Clip] = field(factory=list)
    duplicates: list[dict[str, str]] = field(factory=list)
    missing: list[str] = field(factory=list)
    unlisted: list[str] = field(factory=list)
    malformed: list[str] = field(factory=list)
