"""The processes that a process has started, and those that these have."""

from __future__ import annotations

from pathlib import Path

__all__ = ["descendants"]


def descendants(process: int) -> list[int]:
    """Return the numbers of all processes below one that lives; none where the system does not tell.

    A process that a worker starts is none of its own group, so that Ctrl-Z stops it with the command; so the
    group of a worker cannot be killed without the command.

    Args:
        process: its number.
    """
    found, waiting = list[int](), [process]
    while waiting:
        for file in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            try:
                children = [int(word) for word in file.read_text(encoding="ascii").split()]
            except OSError:  # it has ended
                continue
            found += children
            waiting += children
    return found
