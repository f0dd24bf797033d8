"""The plugin, or nasframe itself, in whose code an error was raised, and the message that names it."""

from __future__ import annotations

import traceback
from contextlib import suppress
from pathlib import Path

from attrs import frozen

import nasframe
from nasframe.errors import NasframeError, in_words
from nasframe.plugins.installed import own_plugins
from nasframe.plugins.plugin_manager import manager
from nasframe.plugins.source_location import has_file, line_of
from nasframe.runtime import describe_system_error

__all__ = ["ErrorSource", "error_message", "find_error_source", "keep_error_source"]

_CALLERS = ("plugins", "jobs", "cli")
"""Packages of nasframe that only call what others wrote."""

_KEPT = "nasframe_error_source"


@frozen
class ErrorSource:
    """The code in which an error was raised.

    Attributes:
        plugin: its plugin; None for nasframe's own code and for that of no plugin.
        place: `my_ops.py, line 3`; empty where no line is known.
        raised: True where that line raised it, and not a library that it called.
    """

    plugin: str | None = None
    place: str = ""
    raised: bool = False

    @property
    def words(self) -> str:
        """` (plugin 'my_ops', my_ops.py, line 3)`, the end of a message; empty where nothing is known."""
        parts = [f"plugin {self.plugin!r}"] if self.plugin is not None else []
        parts += [self.place] if self.place else []
        return f" ({', '.join(parts)})" if parts else ""


def find_error_source(error: BaseException) -> ErrorSource:
    """Return the innermost code of a plugin or of nasframe that an error came through."""
    kept = getattr(error, _KEPT, None)
    if isinstance(kept, ErrorSource):
        return kept
    frames = traceback.extract_tb(error.__traceback__)
    owner: dict[str, str | None] = {}
    for frame in reversed(frames):
        if frame.filename not in owner:
            owner[frame.filename] = _owner(frame.filename)
        name = owner[frame.filename]
        if name is not None:
            own = name == nasframe.__name__ or name in own_plugins()
            return ErrorSource(None if own else name, line_of(frame), frame is frames[-1])
    return ErrorSource()


def keep_error_source(error: BaseException) -> None:
    """Note in an error where it was raised, before another process gets it without its traceback."""
    with suppress(Exception):  # a plugin's class may refuse attributes
        setattr(error, _KEPT, find_error_source(error))


def error_message(error: BaseException) -> str:
    """Return the message of any error for the user.

    An error that nasframe raises for the user is its text; one of a plugin gets the plugin and its line;
    an error of the system its file; any other gets its class, and the last line of nasframe or of a plugin
    that it came through.
    """
    source = find_error_source(error)
    if isinstance(error, NasframeError):
        text = in_words(error).removeprefix(f"{type(error).__name__}: ")
        of_plugin = source.plugin is not None and source.raised and source.place not in text
        return text + (source.words if of_plugin else "")
    if isinstance(error, OSError) and error.filename:
        return describe_system_error(error) + (source.words if source.plugin is not None else "")
    return in_words(error) + source.words


def _owner(file: str) -> str | None:
    """Return the plugin of a file, or `nasframe`; None where it is neither, or only calls plugins."""
    plugins = manager()
    for name in plugins.names:
        module = plugins.module(name)
        if getattr(module, "__name__", "").partition(".")[0] != nasframe.__name__ and has_file(module, file):
            return name
    path = Path(file)
    for folder in map(Path, nasframe.__path__):
        if path.is_relative_to(folder):
            return None if path.relative_to(folder).parts[0] in _CALLERS else nasframe.__name__
    return None
