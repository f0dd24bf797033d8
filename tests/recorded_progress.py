"""Progress that is read back."""

from __future__ import annotations

from nasframe.runtime import Progress


class Log(Progress):
    """Remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines.append(message)
