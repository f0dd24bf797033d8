"""The contract of a plugin, checked before it is used: version of the hooks, signatures, returned values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from nasframe.errors import PluginError
from nasframe.plugins import hookspecs
from nasframe.plugins.hook_set import HookSet
from nasframe.plugins.source_location import file_of, hook_raised, in_brackets

__all__ = ["UnfitPluginError", "check_hooks", "check_version", "registered_entries"]


class UnfitPluginError(PluginError):
    """A plugin that cannot be registered.

    Attributes:
        plugin: its name.
        reason: its file, where that is known, and why it cannot be registered.
    """

    def __init__(self, plugin: str, file: str | None, why: str) -> None:
        self.plugin = plugin
        self.reason = f"({file}): {why}" if file else why
        super().__init__(f"plugin {plugin!r}{in_brackets(file)}: {why}")


def check_version(module: Any, name: str, known: Mapping[str, HookSet]) -> None:
    """Refuse a plugin whose `NASFRAME_HOOKS` names a later version of the hooks than there is.

    It is the version of nasframe's hooks, or plugin → version of the hooks that it specifies.
    """
    wanted = getattr(module, "NASFRAME_HOOKS", None)
    if wanted is None:
        return
    versions = wanted if isinstance(wanted, Mapping) else {hookspecs.PROJECT: wanted}
    for plugin, version in versions.items():
        if type(version) is not int or version < 1:
            why = f"NASFRAME_HOOKS must be a version, a whole number from 1, found {version!r}"
            raise UnfitPluginError(name, file_of(module), why)
        if plugin in known and version > known[plugin].version:
            own = plugin == hookspecs.PROJECT
            of, this = ("", "this nasframe") if own else (f" of {plugin}", f"this {plugin}")
            why = (
                f"it was written for version {version} of the hooks{of}; {this} has version "
                f"{known[plugin].version}, so upgrade {plugin}"
            )
            raise UnfitPluginError(name, file_of(module), why)


def check_hooks(module: Any, name: str, known: Mapping[str, HookSet]) -> None:
    """Refuse a plugin with a hook that cannot be called as its specification says.

    Raises:
        UnfitPluginError: a hook asks for other arguments, or is no plain function.
    """
    specs = {hook: spec for hooks in known.values() for hook, spec in hooks.specs.items()}
    for hook in dir(module):
        function = getattr(module, hook, None)
        options = getattr(function, f"{hookspecs.PROJECT}_impl", None)
        wrong = _not_plain(function, options) if options else ""
        if options and hook in specs and not wrong:
            wrong = _wrong_arguments(function, specs[hook])
        if wrong:
            raise UnfitPluginError(name, file_of(module), f"hook {hook} {wrong}")


def _not_plain(function: Any, options: Mapping[str, Any]) -> str:
    """Return why a marked object cannot be called for its answer; empty where it can."""
    if not inspect.isroutine(function):
        return f"must be a function, found {type(function).__name__}"
    if options.get("wrapper") or options.get("hookwrapper"):
        return "cannot be a wrapper: plugins are called one by one, and none around the others"
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "must be a plain function, found an async one, which nobody would await"
    if inspect.isgeneratorfunction(function):
        return "must be a plain function, found a generator, whose body would never run"
    return ""


def _wrong_arguments(function: Any, spec: Any) -> str:
    offered = list(inspect.signature(spec).parameters)
    parameters = inspect.signature(function).parameters.values()
    needed = [parameter for parameter in parameters if parameter.default is parameter.empty]
    unknown = [parameter.name for parameter in needed if parameter.name not in offered]
    named = [parameter.name for parameter in needed if parameter.kind is parameter.KEYWORD_ONLY]
    if not (unknown or named):
        return ""
    takes = f"takes {', '.join(offered)}, or some of them" if offered else "takes no argument"
    found = ", ".join(unknown) or f"{', '.join(named)} after a *, and hooks get theirs by position"
    return f"has a wrong signature: it {takes}; found {found}"


def registered_entries(function: Callable[[], Any], hook: str, module: Any) -> dict[str, Any]:
    """Return the entries of a registration hook, name → target.

    Args:
        function: the implementation, which is called.
        hook: its name.
        module: the plugin, for the message.

    Raises:
        PluginError: the hook raised, returned no mapping, or a name in it cannot be one.
    """
    try:
        answer = function()
    except (Exception, SystemExit) as error:  # a hook may raise anything
        raise PluginError(hook_raised(hook, error, module)) from error
    # every look-up comes through here: the file is looked for only where something is wrong
    if not isinstance(answer, Mapping):
        what = f"{hook} must return a mapping from name to target, found {answer!r}"
        raise PluginError(f"{what}{in_brackets(file_of(module))}")
    for name in answer:
        if not isinstance(name, str) or not name or ":" in name:
            what = f"{hook}: a name is a string without ':', found {name!r}"
            raise PluginError(f"{what}{in_brackets(file_of(module))}")
    return dict(answer)
