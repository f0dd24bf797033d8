"""The check that no path is empty: an unset variable of a shell must not mean the working folder."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

from cyclopts import App, ArgumentCollection

from nasframe.errors import ConfigurationError

__all__ = ["refuse_empty_paths"]


def refuse_empty_paths(app: App, names: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Refuse an empty word where a command takes a path; `Path("")` would be the working folder.

    Args:
        app: of the command.
        names: of the command.
        arguments: with the words that the user gave for each.

    Raises:
        ConfigurationError: names the arguments.
    """
    problems = [
        f"{argument.name}: expected a path, found an empty word; `.` is the working folder"
        for argument in arguments
        if _takes_path(argument.hint) and any(not token.value for token in argument.tokens)
    ]
    if problems:
        raise ConfigurationError(" ".join(names) or app.name[0], problems)


def _takes_path(hint: Any) -> bool:
    return hint is Path or any(map(_takes_path, typing.get_args(hint)))
