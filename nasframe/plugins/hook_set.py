"""The hooks that the core, or a plugin, lets plugins implement."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from nasframe.errors import in_words, nearest
from nasframe.plugins import hookspecs
from nasframe.plugins.source_location import raised_at

__all__ = ["CORE", "HookSet", "hooks_brought_by"]


@frozen
class HookSet:
    """The hooks that one plugin, or the core, lets plugins implement: the content of one module.

    For the core that is `nasframe.plugins.hookspecs`; for a plugin, what its `register_hookspecs` returns,
    such as `nasframe_deepfake.hookspecs`, by which other plugins register data sets.

    Attributes:
        plugin: its name; `nasframe` for the core.
        namespace: module or object that holds the specifications.
        specs: hook → its specification, an empty function with the promise of the hook.
        kinds: kind of things that are looked up by name → the hook that registers them, `KINDS` of the
            module.
        version: of these hooks, `VERSION` of the module; it grows when one of them changes its arguments or
            its meaning.
    """

    plugin: str
    namespace: Any = field(repr=False, eq=False)
    specs: Mapping[str, Callable[..., Any]]
    kinds: Mapping[str, str]
    version: int


def hooks_brought_by(module: Any, name: str, known: Mapping[str, HookSet]) -> HookSet | None:
    """Return the hooks that plugin `name` specifies by `register_hookspecs`; None where it specifies none.

    Args:
        module: the plugin.
        name: of the plugin.
        known: plugin → the hooks that it specifies.

    Raises:
        ValueError: what it returns holds no specification; a hook or a kind is there already, or is none of
            its own; or the version is no number.
    """
    function = getattr(module, "register_hookspecs", None)
    if getattr(function, f"{hookspecs.PROJECT}_impl", None) is None:
        return None
    assert function is not None
    try:
        namespace = function()
    except (Exception, SystemExit) as error:  # a hook may raise anything
        raise ValueError(f"register_hookspecs raised {in_words(error)}{raised_at(error, module)}") from error
    brought = _read(name, namespace)
    for other in known.values():
        pairs = (("hook", brought.specs, other.specs), ("kind", brought.kinds, other.kinds))
        for what, mine, theirs in pairs:
            for taken in mine.keys() & theirs.keys():
                raise ValueError(f"specifies {what} {taken!r}, which plugin {other.plugin!r} has already")
    return brought


def _read(plugin: str, namespace: Any) -> HookSet:
    """Return the hooks that a module specifies.

    Raises:
        ValueError: it specifies none; `KINDS` names another hook, or is no mapping; `VERSION` is no number.
    """
    specs = _specs_in(namespace)
    if not specs:
        raise ValueError(
            f"register_hookspecs must return a module with functions marked by nasframe.hookspec, found "
            f"{namespace!r}"
        )
    kinds, version = getattr(namespace, "KINDS", {}), getattr(namespace, "VERSION", 1)
    if not isinstance(kinds, Mapping):
        raise ValueError(f"KINDS must be a mapping from kind to hook, found {kinds!r}")
    if type(version) is not int or version < 1:
        raise ValueError(f"VERSION must be a whole number from 1, found {version!r}")
    for kind, hook in kinds.items():
        if not isinstance(kind, str) or not kind or ":" in kind:
            raise ValueError(f"KINDS: a kind is a string without ':', found {kind!r}")
        if not isinstance(hook, str) or hook not in specs:
            raise ValueError(f"KINDS: {kind!r} is registered by {hook!r}, no hook{nearest(str(hook), specs)}")
    return HookSet(plugin, namespace, specs, dict(kinds), version)


def _specs_in(namespace: Any) -> dict[str, Callable[..., Any]]:
    found = {name: getattr(namespace, name, None) for name in dir(namespace)}
    return {
        name: function
        for name, function in found.items()
        if inspect.isroutine(function) and getattr(function, f"{hookspecs.PROJECT}_spec", None) is not None
    }


CORE = _read(hookspecs.PROJECT, hookspecs)
"""The hooks of nasframe itself, which are there before any plugin; see `nasframe.plugins.hookspecs`."""
