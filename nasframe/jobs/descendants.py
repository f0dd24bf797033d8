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
        children = _children(waiting.pop())
        found += children
        waiting += children
    return found


def _children(process: int) -> list[int]:
    """Return those of all threads of a process; of one that ends meanwhile, those that were read by then."""
    children = list[int]()
    try:
        for thread in Path(f"/proc/{process}/task").iterdir():
            text = (thread / "children").read_text(encoding="ascii")
            children += [int(word) for word in text.split()]
    except OSError:
        pass
    return children
