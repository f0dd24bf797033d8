"""The one plugin manager: what is installed, looked up by kind and name.

`package:name` always works. A name held by two plugins fails at look-up and names both. A plugin that
cannot be imported is reported as a `PluginWarning` and takes nothing else down. A life-cycle hook that
raises is reported and disabled.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import warnings
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, Literal, get_args

import pluggy
from attrs import field, frozen

from nasframe import hookspecs
from nasframe.errors import PluginError, PluginWarning, nearest

__all__ = ["KINDS", "Kind", "PluginManager", "Registered", "manager"]

Kind = Literal["operation", "relaxation", "space", "loop", "task", "demo"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_HOOKS: Mapping[Kind, str] = {
    "operation": "register_operations",
    "relaxation": "register_relaxations",
    "space": "register_search_spaces",
    "loop": "register_loops",
    "task": "register_tasks",
    "demo": "register_demos",
}


@frozen
class Registered:
    """One name that one plugin registered."""

    kind: Kind
    name: str
    plugin: str
    target: Any = field(repr=False)

    def load(self) -> Any:
        """The registered object; a `"module:attribute"` target is imported.

        Raises:
            PluginError: the target cannot be imported.
        """
        if not isinstance(self.target, str):
            return self.target
        module, _, attribute = self.target.partition(":")
        try:
            return functools.reduce(getattr, attribute.split("."), importlib.import_module(module))
        except Exception as error:  # whatever a stranger's module raises
            raise PluginError(
                f"plugin {self.plugin!r} registers {self.kind} {self.name!r} as {self.target!r}, "
                f"which cannot be imported: {error}"
            ) from error

    @property
    def description(self) -> str:
        """First line of the target's docstring."""
        text = str(self.target) if self.kind == "demo" else (self.load().__doc__ or "")
        return text.strip().partition("\n")[0]


class PluginManager:
    """Finds plugins once and answers look-ups. `failed` maps each plugin left out to its error."""

    def __init__(self) -> None:
        self._pluggy = pluggy.PluginManager(hookspecs.PROJECT)
        self._pluggy.add_hookspecs(hookspecs)
        self._disabled: set[tuple[str, str]] = set()
        self.failed: dict[str, str] = {}

    def load_entry_points(self) -> None:
        """Register every installed plugin of the entry-point group `nasframe`."""
        for point in sorted(importlib.metadata.entry_points(group=hookspecs.PROJECT), key=lambda p: p.name):
            if self._pluggy.has_plugin(point.name):
                continue
            try:
                self.register(point.load(), point.name)
            except Exception as error:  # whatever a stranger's module raises
                self._report(point.name, f"cannot be loaded from {point.value!r}: {error}")
        self._report_unknown_hooks()

    def register(self, module: ModuleType | object, name: str) -> None:
        """Register one module or object as plugin `name`.

        Raises:
            PluginError: the name is taken, or a hook has a wrong signature.
        """
        try:
            self._pluggy.register(module, name)
        except (ValueError, pluggy.PluginValidationError) as error:
            if self._pluggy.get_plugin(name) is module:
                self._pluggy.unregister(name=name)
            raise PluginError(f"plugin {name!r}: {error}") from error

    def unregister(self, name: str) -> None:
        """Forget plugin `name`."""
        self._pluggy.unregister(name=name)

    @property
    def names(self) -> list[str]:
        """Registered plugins, sorted."""
        return sorted(name for name, _ in self._pluggy.list_name_plugin())

    def module(self, name: str) -> Any:
        """The module or object registered as plugin `name`."""
        return self._pluggy.get_plugin(name)

    def registered(self, kind: Kind) -> list[Registered]:
        """All that plugins registered under `kind`, sorted by name, then plugin."""
        found: list[Registered] = []
        for implementation in getattr(self._pluggy.hook, _HOOKS[kind]).get_hookimpls():
            plugin = implementation.plugin_name
            try:
                entries = dict(implementation.function())
            except Exception as error:
                self._report(plugin, f"{_HOOKS[kind]} raised {type(error).__name__}: {error}")
                continue
            found += [Registered(kind, name, plugin, target) for name, target in entries.items()]
        return sorted(found, key=lambda entry: (entry.name, entry.plugin))

    def find(self, kind: Kind, name: str) -> Registered:
        """The one entry called `name`, or `plugin:name`.

        Raises:
            PluginError: unknown (with the near names), or registered by two plugins.
        """
        entries = self.registered(kind)
        plugin, colon, short = name.rpartition(":")
        matches = [e for e in entries if e.name == short and (not colon or e.plugin == plugin)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            choices = " or ".join(f"{entry.plugin}:{entry.name}" for entry in matches)
            raise PluginError(f"{kind} {name!r} is registered by two plugins; say {choices}")
        valid = {entry.name for entry in entries}
        if colon:
            valid |= {f"{entry.plugin}:{entry.name}" for entry in entries}
        hint = nearest(name, valid)
        lacking = "" if "did you mean" in hint else f"; no installed plugin provides {name!r}"
        raise PluginError(f"unknown {kind} {name!r}{hint}{lacking}")

    def name_of(self, kind: Kind, target: type) -> str | None:
        """The name under which a class is registered, with its plugin where the name alone is ambiguous."""
        entries = self.registered(kind)
        path = f"{target.__module__}:{target.__qualname__}"
        for entry in entries:
            if entry.target is target or entry.target == path:
                alone = sum(other.name == entry.name for other in entries) == 1
                return entry.name if alone else f"{entry.plugin}:{entry.name}"
        return None

    def load(self, kind: Kind, name: str) -> Any:
        """The object registered as `kind` under `name`; see `find` for the errors."""
        return self.find(kind, name).load()

    def notify(self, hook: str, **arguments: Any) -> None:
        """Call a life-cycle hook of every plugin; one that raises is reported and not called again."""
        for _ in self._call(hook, arguments):
            pass

    def _call(self, hook: str, arguments: Mapping[str, Any]) -> Iterator[Any]:
        """What each plugin answers, in the order of registration; one that raises is disabled."""
        for implementation in getattr(self._pluggy.hook, hook).get_hookimpls():
            key = (implementation.plugin_name, hook)
            if key in self._disabled:
                continue
            try:
                yield implementation.function(*(arguments[name] for name in implementation.argnames))
            except Exception as error:
                self._disabled.add(key)
                self._report(
                    implementation.plugin_name, f"{hook} raised {type(error).__name__}: {error}; disabled"
                )

    def style(self, node: str, operation: str) -> dict[str, str]:
        """The attributes that plugins lay over a drawn node's style."""
        merged: dict[str, str] = {}
        for answer in self._call("style_node", {"node": node, "operation": operation}):
            merged |= answer or {}
        return merged

    def add_commands(self, app: Any) -> None:
        """Let every plugin add its commands; one that fails is reported and left out."""
        for implementation in self._pluggy.hook.register_commands.get_hookimpls():
            try:
                implementation.function(app)
            except Exception as error:
                self._report(
                    implementation.plugin_name, f"register_commands raised {type(error).__name__}: {error}"
                )

    def versions(self) -> dict[str, str]:
        """Version of the distribution behind each installed plugin, for the record of a run."""
        found = {}
        for point in importlib.metadata.entry_points(group=hookspecs.PROJECT):
            if point.dist is not None and self._pluggy.has_plugin(point.name):
                found[point.name] = point.dist.version
        return dict(sorted(found.items()))

    def _report_unknown_hooks(self) -> None:
        """Nobody ever calls a hook whose name is mistyped, so say it."""
        found = vars(self._pluggy.hook).values()
        callers = [caller for caller in found if isinstance(caller, pluggy.HookCaller)]
        valid = [caller.name for caller in callers if caller.has_spec()]
        for caller in callers:
            if not caller.has_spec():
                for implementation in caller.get_hookimpls():
                    message = f"implements unknown hook {caller.name!r}{nearest(caller.name, valid)}"
                    self._report(implementation.plugin_name, message)

    def _report(self, plugin: str, message: str) -> None:
        if self.failed.get(plugin) == message:
            return
        self.failed[plugin] = message
        warnings.warn(f"plugin {plugin!r} {message}", PluginWarning, stacklevel=3)


@functools.cache
def manager() -> PluginManager:
    """The process-wide plugin manager, with every installed plugin."""
    plugins = PluginManager()
    plugins.load_entry_points()
    return plugins
