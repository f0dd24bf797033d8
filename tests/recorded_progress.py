"""A `Progress` whose messages a test reads."""

from __future__ import annotations

from nasframe.runtime import Progress


class Log(Progress):
    """Records the messages."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, message: str) -> None:
        self.lines.append(message)
