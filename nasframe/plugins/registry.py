"""The plugins that are registered, the hooks that they may implement, and what failed."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from nasframe.errors import PluginError, PluginWarning, nearest
from nasframe.plugins.contract import UnfitPluginError, check_hooks, check_version
from nasframe.plugins.hook_set import CORE, HookSet, hooks_brought_by
from nasframe.plugins.hookspecs import PROJECT
from nasframe.plugins.source_location import file_of, in_brackets

__all__ = ["PluginRegistry"]


class PluginRegistry:
    """The plugins that are registered, the hooks that they may implement, and what failed.

    Attributes:
        failed: plugin that was left out → why.
        files: plugin that was loaded from one file → that file.
        disabled: plugin and hook of it that raised, and is not called again.
        missing_extras: plugin → the need for its extra, once it was asked for; see `missing_extra`.
    """

    def __init__(self) -> None:
        self._pluggy = pluggy.PluginManager(PROJECT)
        self._hook_sets: dict[str, HookSet] = {}
        self.failed: dict[str, str] = {}
        self.files: dict[str, Path] = {}
        self.disabled: set[tuple[str, str]] = set()
        self.missing_extras: dict[str, str] = {}
        self._add_hooks(CORE)

    def register(self, module: ModuleType | object, name: str) -> None:
        """Register one module or object as plugin `name`; see `PluginManager.register` for the errors."""
        try:
            brought = hooks_brought_by(module, name, self._hook_sets)
        except ValueError as error:
            raise UnfitPluginError(name, file_of(module), str(error)) from error
        known = self._hook_sets if brought is None else {**self._hook_sets, name: brought}
        check_version(module, name, known)
        check_hooks(module, name, known)
        try:
            self._pluggy.register(module, name)
        except (ValueError, pluggy.PluginValidationError) as error:
            if self._pluggy.get_plugin(name) is module:
                self._pluggy.unregister(name=name)
            why = " ".join(str(error).split())
            raise UnfitPluginError(name, file_of(module), why) from error
        if brought is not None:
            self._add_hooks(brought)

    def _add_hooks(self, brought: HookSet) -> None:
        """Let plugins implement other hooks. Those that do so already, and wrongly, are left out."""
        known = {**self._hook_sets, brought.plugin: brought}
        for name in self.names:
            module = self.module(name)
            try:
                check_version(module, name, known)
                check_hooks(module, name, known)
            except UnfitPluginError as error:
                self.unregister(name)
                known.pop(name, None)
                self.report(name, error.reason)
        self._hook_sets = known
        self._pluggy.add_hookspecs(brought.namespace)

    def unregister(self, name: str) -> None:
        """Forget plugin `name`, and all that is known of it."""
        self._pluggy.unregister(name=name)
        brought = self._hook_sets.pop(name, None)
        for hook in () if brought is None else brought.specs:
            getattr(self._pluggy.hook, hook).spec = None
        self.files.pop(name, None)
        self.failed.pop(name, None)
        self.missing_extras.pop(name, None)
        self.disabled = {(plugin, hook) for plugin, hook in self.disabled if plugin != name}

    def __contains__(self, name: str) -> bool:
        """Return True where a plugin of that name is registered."""
        return self._pluggy.has_plugin(name)

    @property
    def names(self) -> list[str]:
        """Registered plugins, sorted."""
        return sorted(name for name, _ in self._pluggy.list_name_plugin())

    def module(self, name: str) -> Any:
        """Return the module or object registered as plugin `name`; None where there is none."""
        return self._pluggy.get_plugin(name)

    @property
    def kinds(self) -> list[str]:
        """The kinds of what is looked up by name, those of the core first."""
        return [kind for hooks in self._hook_sets.values() for kind in hooks.kinds]

    def hook_of(self, kind: str) -> str:
        """Return the hook by which a kind is registered.

        Raises:
            PluginError: no plugin that is here specifies the kind.
        """
        for hooks in self._hook_sets.values():
            if kind in hooks.kinds:
                return hooks.kinds[kind]
        raise PluginError(f"there is no kind {kind!r} that plugins register{nearest(kind, self.kinds)}")

    def implementations(self, hook: str) -> Sequence[pluggy.HookImpl]:
        """Return the implementations of a hook, in the order of registration."""
        caller: pluggy.HookCaller = getattr(self._pluggy.hook, hook)
        return caller.get_hookimpls()

    def hooks_in(self, module: Any) -> set[str]:
        """Return the hooks that a registered module implements."""
        return {caller.name for caller in self._pluggy.get_hookcallers(module) or ()}

    def report(self, plugin: str, message: str) -> None:
        """Warn of a plugin, and note it in `failed`; once for each message."""
        if self.failed.get(plugin) == message:
            return
        self.failed[plugin] = message
        warnings.warn(f"plugin {plugin!r} {message}", PluginWarning, stacklevel=3)

    def report_unknown_hooks(self) -> None:
        """Report hooks whose names are mistyped: they would never be called.

        Those marked `@hookimpl(optionalhook=True)` are of a plugin that need not be here.
        """
        found = vars(self._pluggy.hook).values()
        callers = [caller for caller in found if isinstance(caller, pluggy.HookCaller)]
        valid = [caller.name for caller in callers if caller.has_spec()]
        for caller in callers:
            if caller.has_spec():
                continue
            for implementation in caller.get_hookimpls():
                if implementation.optionalhook:
                    continue
                place = in_brackets(file_of(implementation.plugin))
                message = f"implements unknown hook {caller.name!r}{nearest(caller.name, valid)}{place}"
                hint = "mark that of a plugin which need not be installed @hookimpl(optionalhook=True)"
                self.report(implementation.plugin_name, f"{message}; {hint}")
