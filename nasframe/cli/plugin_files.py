"""`--plugin FILE`: plugins that are one file, loaded before anything else is read."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from nasframe.errors import PluginError
from nasframe.plugins import manager

__all__ = ["HELP", "load_plugin_files", "next_command", "prefix"]

_OPTION = "--plugin"

HELP = "Every command takes --plugin FILE, once or more: a Python file with hooks, for this command alone."


def load_plugin_files(words: Sequence[str]) -> list[str]:
    """Load the file of every `--plugin FILE` and return the other words.

    Commands that the file brings are there then, and whatever it registers can be named.

    Raises:
        PluginError: a file that cannot be loaded, or none after the option.
    """
    left: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*left, word, *rest]
        option, equals, file = word.partition("=")
        if option != _OPTION:
            left.append(word)
            continue
        if not equals:
            file = rest.pop(0) if rest else ""
        if not file:
            raise PluginError(f"{_OPTION}: needs a Python file, such as {_OPTION} my_ops.py")
        manager().load_file(Path(file))
    return left


def prefix() -> list[str]:
    """The options that load again what was loaded from files."""
    return [word for file in manager().files.values() for word in (_OPTION, str(file))]


def next_command(*words: str) -> str:
    """A command of nasframe to give next, as a shell takes it, with the same plugins."""
    return shlex.join(["nasframe", *words, *prefix()])
