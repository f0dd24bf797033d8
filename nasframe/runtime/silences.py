"""The time for which pieces of work under way have said nothing."""

from __future__ import annotations

import time
from collections.abc import Hashable
from typing import Generic, TypeVar

from attrs import define, field

__all__ = ["Silences"]

_STEP = 10.0  # seconds; a longer silence between two looks is our own, as after Ctrl-Z

Key = TypeVar("Key", bound=Hashable)


@define
class Silences(Generic[Key]):
    """Seconds since the last word of each piece of work under way, as whoever looks now and then counts them.

    Attributes:
        patience: seconds after which one has been silent for too long.
    """

    patience: float
    _seconds: dict[Key, float] = field(init=False, factory=dict)
    _looked: float = field(init=False, factory=time.monotonic)

    def __contains__(self, key: Key) -> bool:
        return key in self._seconds

    def __len__(self) -> int:
        return len(self._seconds)

    def begin(self, key: Key, grace: float = 0.0) -> None:
        """Count for a piece of work, from now on; before its first word it has `grace` seconds more."""
        self._seconds[key] = -grace
        self._looked = time.monotonic()  # to start a process takes its time, which nobody was silent for

    def look(self) -> None:
        """Count the time since the last look, before what was said in it is told."""
        now = time.monotonic()
        step, self._looked = min(now - self._looked, _STEP), now
        self._seconds = {key: seconds + step for key, seconds in self._seconds.items()}

    def heard(self, key: Key) -> None:
        """Take a word of a piece of work."""
        self._seconds[key] = 0.0

    def end(self, key: Key) -> None:
        """Count for a piece of work no more."""
        del self._seconds[key]

    def too_long(self) -> list[Key]:
        """Return those that have been silent for too long."""
        return [key for key, seconds in self._seconds.items() if seconds > self.patience]

    @property
    def in_words(self) -> str:
        """The end of one that has been silent for too long, behind `it`."""
        return f"said nothing for {self.patience:g} seconds"
