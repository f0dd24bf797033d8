"""One name that a plugin registered, with its target."""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from typing import Any

from attrs import field, frozen

from nasframe.errors import MissingExtraError, PluginError, in_words
from nasframe.plugins.files_beside import imported_name
from nasframe.plugins.former_names import moved_to
from nasframe.plugins.hookspecs import PROJECT
from nasframe.plugins.installed import own_plugins
from nasframe.plugins.source_location import file_of, in_brackets, raised_at
from nasframe.plugins.written_docstring import written_docstring

__all__ = ["Registered", "described"]


@frozen
class Registered:
    """One name that one plugin registered.

    Attributes:
        module: the plugin itself.
        missing_extra: `needs av, which is not installed; …`; empty where the packages of the plugin's extra
            are there.
    """

    kind: str
    name: str
    plugin: str
    target: Any = field(repr=False)
    module: Any = field(default=None, repr=False, eq=False)
    missing_extra: str = field(default="", repr=False, eq=False)

    def load(self) -> Any:
        """Return the registered object; a `"module:attribute"` target is imported.

        Raises:
            MissingExtraError: packages of the plugin's extra are missing.
            PluginError: the target cannot be imported.
        """
        if self.missing_extra:
            raise MissingExtraError(
                f"{self.kind} {self.name!r} of plugin {self.plugin!r}", self.missing_extra
            )
        if not isinstance(self.target, str):
            return self.target
        module, _, attribute = self.target.partition(":")
        try:
            found = importlib.import_module(imported_name(module, self.module))
            return functools.reduce(getattr, attribute.split("."), found)
        except (Exception, SystemExit) as error:  # a plugin may raise anything
            raise PluginError(
                f"plugin {self.plugin!r} registers {self.kind} {self.name!r} as {self.target!r}, "
                f"which cannot be imported: {in_words(error)}{raised_at(error, self.module)}{moved_to(error)}"
            ) from error

    def defines(self, target: type) -> bool:
        """Return True where a class is the registered object, and the target names the file that defines it;
        nothing is imported."""
        if not isinstance(self.target, str):
            return self.target is target
        module, _, attribute = self.target.partition(":")
        own = {module, imported_name(module, self.module)}
        return target.__module__ in own and target.__qualname__ == attribute

    def is_of(self, target: type) -> bool:
        """Return True where a class is the registered object, from whichever module it is registered.

        A page that hands on a class of another file is asked for it. It is imported for that where it is of
        the package of the class, or gives the class its own name; any other is asked once it is imported.
        """
        if self.defines(target):
            return True
        if not isinstance(self.target, str):
            return False
        module, _, attribute = self.target.partition(":")
        page = imported_name(module, self.module)
        is_near = page.partition(".")[0] == target.__module__.partition(".")[0]
        if not (is_near or attribute == target.__qualname__ or page in sys.modules):
            return False
        try:
            return self.load() is target
        except PluginError:  # what cannot be imported is no class that is there
            return False

    @property
    def description(self) -> str:
        """First line of the target's docstring; the file of a demo, preset or table; what the extra lacks.

        Nasframe's own plugins are tested, so theirs is read without an import; any other is imported, and an
        error of its file is seen.

        Raises:
            PluginError: the target cannot be imported.
        """
        if self.missing_extra:
            return self.missing_extra
        if self.kind in ("demo", "preset", "table"):
            return str(self.target)
        if isinstance(self.target, str) and self.plugin in (PROJECT, *own_plugins()):
            written = written_docstring(self.target)
            if written is not None:
                return written.partition("\n")[0] or "no description"
        target = self.load()
        documented = inspect.isclass(target) or inspect.isroutine(target)
        text = (target.__doc__ or "").strip() if documented else ""
        return text.partition("\n")[0] or "no description"

    def __str__(self) -> str:
        """Return `relaxation 'brie' of plugin 'cheese' (cheese/soft.py)`, ready for an error message."""
        try:
            file = file_of(self.load()) or file_of(self.module)
        except PluginError:
            file = file_of(self.module)
        return f"{self.kind} {self.name!r} of plugin {self.plugin!r}{in_brackets(file)}"


def described(kind: str, target: type, entry: Registered | None) -> str:
    """Return a class for an error message: as it is registered, or by its own name where it is not."""
    if entry is not None:
        return str(entry)
    name = target.__qualname__ if inspect.isclass(target) else repr(target)
    return f"{kind} {name!r}{in_brackets(file_of(target))}"
