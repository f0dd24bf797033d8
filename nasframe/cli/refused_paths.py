"""Paths that no command takes: an empty one, and an `--out` that is not UTF-8.

An unset variable of a shell must not mean the working folder. The name of a run or a study stands in its
records and on its page, which hold UTF-8 alone, and would be refused after the work.
"""

from __future__ import annotations

import typing
from pathlib import Path
from typing import Any

from cyclopts import App, ArgumentCollection

from nasframe.errors import ConfigurationError
from nasframe.runtime import visible

__all__ = ["refuse_default_folder", "refuse_paths"]

_OUT = "--out"


def refuse_paths(app: App, names: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Refuse an empty word where a command takes a path, and an `--out` whose name is not UTF-8.

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
    problems += [
        f"{_OUT} {visible(token.value)}: the name is not UTF-8; choose another"
        for argument in arguments
        if argument.name == _OUT
        for token in argument.tokens
        if not _is_utf8(token.value)
    ]
    if problems:
        raise ConfigurationError(" ".join(names) or app.name[0], problems)


def refuse_default_folder(folder: Path, out: Path | None) -> None:
    """Refuse a folder that is named after an experiment whose name is not UTF-8.

    Args:
        folder: where the command writes without `--out`.
        out: that of `--out`, which says another one.

    Raises:
        ConfigurationError: the name is not UTF-8, and `--out` is not there.
    """
    if out is None and not _is_utf8(str(folder)):
        problem = f"{visible(str(folder))}: the name is not UTF-8; say another folder, as {_OUT} FOLDER"
        raise ConfigurationError("command line", [problem])


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _takes_path(hint: Any) -> bool:
    return hint is Path or any(map(_takes_path, typing.get_args(hint)))
