"""The categories of clips: which streams of a clip are fake, in FakeAVCeleb and in false pairings."""

from __future__ import annotations

from attrs import frozen

__all__ = [
    "CATEGORIES",
    "CATEGORY_NAMES",
    "DESYNC",
    "FAKE_BOTH",
    "FAKE_NAMES",
    "FAKE_PICTURE",
    "FAKE_VOICE",
    "GENUINE",
    "PAIRING",
    "Category",
]

DESYNC = "desync"
"""Method of the false pairings, whatever their category is."""


@frozen
class Category:
    """A category of clips.

    Attributes:
        name: in options, tables and reports.
        type: in the column `type` of FakeAVCeleb's table, and the name of the folder of its clips.
        letter: in the column `category` of that table.
        fake_picture: whether the pictures were altered.
        fake_voice: whether the sound was altered.
        false_pairing: whether both streams are genuine but do not belong together.
    """

    name: str
    type: str
    letter: str
    fake_picture: bool = False
    fake_voice: bool = False
    false_pairing: bool = False

    @property
    def fake(self) -> bool:
        """Return True for every category but the genuine one."""
        return self.fake_picture or self.fake_voice or self.false_pairing


# The first four are FakeAVCeleb's.
GENUINE = Category("RV-RA", "RealVideo-RealAudio", "A")
FAKE_PICTURE = Category("FV-RA", "FakeVideo-RealAudio", "C", fake_picture=True)
FAKE_VOICE = Category("RV-FA", "RealVideo-FakeAudio", "B", fake_voice=True)
FAKE_BOTH = Category("FV-FA", "FakeVideo-FakeAudio", "D", fake_picture=True, fake_voice=True)
PAIRING = Category("pairing", "RealVideo-RealAudio-Desync", "E", false_pairing=True)

CATEGORIES = {category.name: category for category in (GENUINE, FAKE_PICTURE, FAKE_VOICE, FAKE_BOTH, PAIRING)}
"""Name → category, the genuine one first."""

CATEGORY_NAMES = tuple(CATEGORIES)

FAKE_NAMES = tuple(name for name, category in CATEGORIES.items() if category.fake)
