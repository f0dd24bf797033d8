"""`--plugin FILE`: plugins of one file, which are loaded before the command is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from nasframe.errors import PluginError
from nasframe.plugins import manager
from nasframe.runtime import shell_line

__all__ = ["HELP", "OPTION", "next_command", "prefix", "split_plugin_files"]

OPTION = "--plugin"

HELP = "Every command takes --plugin FILE, once or more: a Python file with hooks, for this command alone."


def split_plugin_files(words: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Return the file of every `--plugin FILE`, and the other words.

    Raises:
        PluginError: no file after the option.
    """
    files: list[Path] = []
    left: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return files, [*left, word, *rest]
        option, equals, file = word.partition("=")
        if option != OPTION:
            left.append(word)
            continue
        if not equals:
            file = rest.pop(0) if rest else ""
        if not file:
            raise PluginError(f"{OPTION}: needs a Python file, such as {OPTION} my_ops.py")
        files.append(Path(file))
    return files, left


def prefix(files: Iterable[Path]) -> list[str]:
    """Return the options that load files."""
    return [word for file in files for word in (OPTION, str(file))]


def next_command(*words: str) -> str:
    """Return a command of nasframe for the shell, with the plugin files of this one."""
    return shell_line(["nasframe", *words, *prefix(manager().files.values())])
