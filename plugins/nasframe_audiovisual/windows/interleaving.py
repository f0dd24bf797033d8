"""The rule for a file in which the sound comes later than its pictures: how long they wait for it."""

from __future__ import annotations

from pathlib import Path

from attrs import define

from nasframe_audiovisual.media import SAMPLE_RATE, ClipError, Sound

__all__ = ["Interleaving"]

MOST_BEHIND = 30.0
"""Seconds of pictures that wait for their sound; after that there is none there. It is longer than `play`
holds any sound back that it has read."""


@define
class Interleaving:
    """Says when pictures have waited long enough, and which sound comes too late for that.

    Attributes:
        path: of the clip, for errors.
        seen: second of the newest picture.
    """

    path: Path
    seen: float = 0.0
    _given_up: int = 0  # number of the sample before which no window waits any more

    def waits(self, until: int) -> bool:
        """Return True where a window that ends with a sample's number still waits; else no other waits."""
        if self.seen - until / SAMPLE_RATE <= MOST_BEHIND:
            return True
        self._given_up = max(self._given_up, until)
        return False

    def check(self, sound: Sound) -> None:
        """Raise where sound comes of which a window was told that there is none.

        Raises:
            ClipError: it lies too far behind its pictures in the file.
        """
        if sound.heard and sound.start < self._given_up:
            raise ClipError(
                self.path,
                f"its sound lies more than {MOST_BEHIND:.0f} s behind its pictures in the file",
                "badly-interleaved",
            )
