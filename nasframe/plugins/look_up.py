"""The look-up by kind and name of what plugins registered; a name may be one that a document meant."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import attrs
from attrs import frozen

from nasframe.errors import PluginError, near_names, nearest
from nasframe.plugins.contract import registered_entries
from nasframe.plugins.installed import own_plugins
from nasframe.plugins.missing_extras import missing_extra
from nasframe.plugins.packages import packages_of
from nasframe.plugins.recorded_names import RecordedNames
from nasframe.plugins.registered import Registered
from nasframe.plugins.registry import PluginRegistry
from nasframe.plugins.source_location import file_of, in_brackets
from nasframe.runtime import shell_line

__all__ = ["LookUp"]


@frozen
class _Answer:
    """The entries that one plugin registers, name → target."""

    plugin: str
    module: Any
    missing_extra: str
    entries: Mapping[str, Any]

    def only(self, name: str) -> _Answer:
        """Return the answer with the one entry, or none."""
        entries = {name: self.entries[name]} if name in self.entries else {}
        return _Answer(self.plugin, self.module, self.missing_extra, entries)


class LookUp:
    """Finds what plugins registered, by kind and name.

    Attributes:
        failed: how often `find` found no plugin that registers a name.
    """

    def __init__(self, registry: PluginRegistry) -> None:
        self._registry = registry
        self._names: ContextVar[RecordedNames | None] = ContextVar("names", default=None)
        self.failed = 0

    @functools.cached_property
    def _own(self) -> Sequence[str]:
        return own_plugins()  # it reads the metadata of every installed package

    def registered(self, kind: str) -> list[Registered]:
        """Return all that plugins registered under `kind`; see `PluginManager.registered`."""
        return _made(kind, self._answers(kind))

    def _answers(self, kind: str) -> list[_Answer]:
        """Return what each plugin answers that registers something under `kind`."""
        found = []
        hook = self._registry.hook_of(kind)
        for implementation in self._registry.implementations(hook):
            plugin, module = implementation.plugin_name, implementation.plugin
            try:
                entries = registered_entries(implementation.function, hook, module)
            except PluginError as error:
                self._registry.report(plugin, str(error))
                continue
            found.append(_Answer(plugin, module, missing_extra(self._registry, plugin), entries))
        return found

    def find(self, kind: str, name: str, builtin: str | None) -> Registered:
        """Return the one entry called `name`, or `plugin:name`; see `PluginManager.find`."""
        answers = self._answers(kind)
        plugin, colon, short = name.rpartition(":")
        # An entry is made for the name alone: a space looks up its operations some thousand times.
        matches = _made(kind, [a.only(short) for a in answers if not colon or a.plugin == plugin])
        names = self._names.get() or (RecordedNames() if name == builtin else None)
        if names is not None:
            owner = names.owner(kind, name)
            matches = names.among(matches, owner, self._own if len(matches) > 1 else ())
            if owner is not None and not matches:
                self.failed += 1
                raise PluginError(f"unknown {kind} {name!r}: {self._absent(owner, names.packages)}")
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise _ambiguous(kind, name, matches)
        self.failed += 1
        raise self._unknown(kind, name, _made(kind, answers))

    def _unknown(self, kind: str, name: str, entries: Sequence[Registered]) -> PluginError:
        valid = {entry.name for entry in entries}
        if ":" in name:
            valid |= {f"{entry.plugin}:{entry.name}" for entry in entries}
        nobody = "" if near_names(name, valid) else f"; no installed plugin provides {name!r}"
        failed = self._registry.failed.items()
        left_out = "".join(f"; plugin {plugin!r} {why}" for plugin, why in failed)
        return PluginError(f"unknown {kind} {name!r}{nearest(name, valid)}{nobody}{left_out}")

    def _absent(self, plugin: str, packages: Mapping[str, str]) -> str:
        """Return why the plugin that a document recorded does not register a name, and how to get it."""
        then = packages.get(plugin, "")
        known = f"it is that of plugin {plugin!r}{in_brackets(then)}"
        if plugin in self._registry.failed:
            return f"{known}, which {self._registry.failed[plugin]}"
        if plugin in self._registry:
            now = in_brackets(packages_of(self._registry).get(plugin))
            return f"{known}, which is here{now} and does not register it any more"
        if then.endswith(".py"):
            return f"{known}, a file that is not loaded by itself; add --plugin {shell_line([then])}"
        if then:
            return f"{known}, which is not installed; pip install {shell_line(then.split()[:1])}"
        return f"{known}, which is not here; install its package, or give its file with --plugin"

    @contextmanager
    def reading(self, names: RecordedNames) -> Iterator[None]:
        """Within the block, let names mean what they meant in a document when it was written."""
        token = self._names.set(names)
        try:
            yield
        finally:
            self._names.reset(token)

    @contextmanager
    def written_by(self, plugin: str | None) -> Iterator[None]:
        """Within the block, prefer the names of `plugin`; see `PluginManager.written_by`."""
        names = self._names.get() or RecordedNames()
        with self.reading(attrs.evolve(names, author=plugin or names.author)):
            yield

    def entry_of(self, kind: str, target: type) -> Registered | None:
        """Return the entry under which a class is registered; None where it is not.

        One whose target names the file of the class goes before one whose target is a page that hands it on.
        """
        entries = self.registered(kind)
        at_home = next((entry for entry in entries if entry.defines(target)), None)
        return at_home or next((entry for entry in entries if entry.is_of(target)), None)

    def name_of(self, kind: str, target: type) -> str | None:
        """Return the name by which `find` finds a class, with its plugin where two have that name."""
        entry = self.entry_of(kind, target)
        if entry is None:
            return None
        try:
            alone = self.find(kind, entry.name, None) == entry
        except PluginError:
            alone = False
        return entry.name if alone else f"{entry.plugin}:{entry.name}"


def _made(kind: str, answers: Iterable[_Answer]) -> list[Registered]:
    found = [
        Registered(kind, name, answer.plugin, target, answer.module, answer.missing_extra)
        for answer in answers
        for name, target in answer.entries.items()
    ]
    return sorted(found, key=lambda entry: (entry.name, entry.plugin))


def _ambiguous(kind: str, name: str, matches: Sequence[Registered]) -> PluginError:
    choices = " or ".join(f"{entry.plugin}:{entry.name}" for entry in matches)
    owners = " and ".join(f"{entry.plugin!r}{in_brackets(file_of(entry.module))}" for entry in matches)
    return PluginError(f"{kind} {name!r} is registered by two plugins; say {choices}; they are {owners}")
