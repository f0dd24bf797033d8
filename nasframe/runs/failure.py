"""The failure of a command in a folder: `failure` in `run.json` and `study.json`, until it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasframe.plugins import error_message
from nasframe.runs.unfinished import unfinished_commands
from nasframe.runtime import visible

__all__ = ["FAILURE", "failure_of", "on_one_line"]

FAILURE = "failure"
"""Key of the record; the value is one line, or null."""

_LONGEST = 600  # letters


def on_one_line(error: BaseException | str) -> str:
    """Return the message of an error on one line, cut where it is very long.

    Example:
        >>> on_one_line("no trial could be done:\\n  a: no luck\\n  b: none either")
        'no trial could be done: a: no luck; b: none either'
    """
    text = error if isinstance(error, str) else error_message(error)
    line = ""
    for part in filter(None, map(str.strip, text.splitlines())):
        joint = " " if line.endswith((":", ".", "?")) else ". " if part[0].isupper() else "; "
        line += f"{joint if line else ''}{visible(part)}"
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def failure_of(record: Mapping[str, Any]) -> str:
    """Return the reason why the unfinished command of a record failed; empty where it did not."""
    found = record.get(FAILURE)
    return found if isinstance(found, str) and unfinished_commands(record) else ""
