"""Files and lines of code, for errors that send its author to the right place."""

from __future__ import annotations

import inspect
import os
import traceback
from pathlib import Path
from typing import Any

from nasframe.errors import in_words
from nasframe.plugins.files_beside import files_beside, plugin_module
from nasframe.plugins.former_names import moved_to

__all__ = ["defined_at", "file_of", "has_file", "hook_raised", "in_brackets", "line_of", "raised_at"]


def file_of(what: Any) -> str | None:
    """Return the file of a module, class or function, relative to the working folder where it lies in it."""
    try:
        found = inspect.getsourcefile(what) or inspect.getfile(what)
    except (TypeError, OSError):
        # a module made in Python has no file; an object in its place may have a class in a file
        return None if inspect.ismodule(what) or inspect.isclass(what) else _of_class(type(what))
    return _short(found)


def defined_at(what: Any) -> str:
    """Return ` (my_task.py, line 3)`: where a plugin's class, function or property begins.

    It is empty for one of nasframe's own core, and where no file is known.
    """
    found = what.fget if isinstance(what, property) else inspect.unwrap(getattr(what, "__func__", what))
    if (
        not (inspect.isclass(found) or inspect.isfunction(found))
        or found.__module__.split(".")[0] == "nasframe"
    ):
        return ""
    try:
        line = inspect.getsourcelines(found)[1]
    except (TypeError, OSError):
        return in_brackets(file_of(found))
    return f" ({file_of(found)}, line {line})"


def in_brackets(file: str | None) -> str:
    """Return ` (my_ops.py)`, or nothing where no file is known."""
    return f" ({file})" if file else ""


def raised_at(error: BaseException, plugin: Any = None) -> str:
    """Return ` (my_ops.py, line 3)`: the last line of the plugin that an error came through.

    Args:
        error: the error that was caught.
        plugin: module or object. Where the error came through no line of it, the file of the plugin is
            returned alone; where that is not known either, the innermost line of all.
    """
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")
    ]
    if isinstance(error, SyntaxError) and error.filename:
        return ""  # its own text says where
    whole = plugin_module(plugin)
    own = [frame for frame in frames if has_file(whole, frame.filename)]
    if not own and file_of(plugin):
        return in_brackets(file_of(plugin))
    known = own or [frame for frame in frames if f"importlib{os.sep}" not in frame.filename]
    return in_brackets(line_of(known[-1])) if known else ""


def line_of(frame: traceback.FrameSummary) -> str:
    """Return `my_ops.py, line 3`."""
    return f"{_short(frame.filename)}, line {frame.lineno}"


def hook_raised(hook: str, error: BaseException, plugin: Any) -> str:
    """Return `search_step raised ValueError: no cheese (my_ops.py, line 3)`."""
    return f"{hook} raised {in_words(error)}{raised_at(error, plugin)}{moved_to(error)}"


def has_file(plugin: Any, file: str) -> bool:
    """Return True where a file is one of a plugin: a module, an object, or a file with others beside it."""
    roots = [Path(folder) for folder in getattr(plugin, "__path__", ())]
    if any(Path(file).is_relative_to(root) for root in roots):
        return True
    name = getattr(plugin, "__file__", None)
    if isinstance(name, str) and Path(file) == Path(name):
        return True
    return Path(file) in files_beside(plugin)


def _of_class(target: type) -> str | None:
    try:
        return _short(inspect.getfile(target))
    except (TypeError, OSError):
        return None


def _short(file: str) -> str:
    path = Path(file)
    here = Path.cwd()
    return os.fspath(path.relative_to(here)) if path.is_relative_to(here) else os.fspath(path)
