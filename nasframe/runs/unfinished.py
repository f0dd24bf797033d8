"""Commands that a run folder was given and that have not ended: `unfinished` in `run.json`.

They are there from the first file of the folder on, so that `nasframe resume` can go on after a kill, which
prints nothing. A command that ends takes itself out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

__all__ = ["UNFINISHED", "Command", "unfinished_commands", "with_command", "without_command"]

UNFINISHED = "unfinished"
"""Key of `run.json` and `study.json`."""

_PARTS = {"run": ("run", "search", "train", "evaluate")}
"""Command → the commands that have ended when it has."""


@frozen
class Command:
    """A command that fills a run.

    Attributes:
        name: `run`, `search`, `train` or `evaluate`.
        options: that it was given and that the experiment does not hold; JSON-able.
    """

    name: str
    options: Mapping[str, Any] = field(factory=dict)


def unfinished_commands(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return command → options of those in a record that have not ended, in the order of the steps."""
    found = record.get(UNFINISHED)
    return dict(found) if isinstance(found, Mapping) else {}


def with_command(record: Mapping[str, Any], command: Command | None) -> dict[str, Any]:
    """Return the unfinished commands of a record, and another; not one that is a part of one of them."""
    there = unfinished_commands(record)
    if command is None or any(command.name in _PARTS.get(name, ()) for name in there if name != command.name):
        return there
    return there | {command.name: dict(command.options)}


def without_command(record: Mapping[str, Any], command: Command) -> dict[str, Any]:
    """Return the unfinished commands of a record without one that has ended, and its parts."""
    ended = _PARTS.get(command.name, (command.name,))
    return {name: options for name, options in unfinished_commands(record).items() if name not in ended}
