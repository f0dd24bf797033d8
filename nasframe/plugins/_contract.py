"""What a plugin must keep to before anything of it is used: hook versions, signatures, what hooks return."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from nasframe import hookspecs
from nasframe.errors import PluginError
from nasframe.plugins._place import file_of, shown

__all__ = ["check_hooks", "check_version", "entries_of"]


def check_version(module: Any, name: str) -> None:
    """Refuse a plugin whose `NASFRAME_HOOKS` names a later version of the hook interface than ours."""
    wanted = getattr(module, "NASFRAME_HOOKS", None)
    if wanted is None:
        return
    if type(wanted) is not int or wanted < 1:
        raise PluginError(
            f"plugin {name!r}{shown(file_of(module))}: NASFRAME_HOOKS must be a version, a whole number from "
            f"1, found {wanted!r}"
        )
    if wanted > hookspecs.VERSION:
        raise PluginError(
            f"plugin {name!r}{shown(file_of(module))} was written for version {wanted} of the hooks; this "
            f"nasframe has version {hookspecs.VERSION}, so upgrade nasframe"
        )


def check_hooks(module: Any, name: str) -> None:
    """Refuse a hook that asks for arguments its specification does not have."""
    for hook in dir(module):
        function = getattr(module, hook, None)
        spec = getattr(hookspecs, hook, None)
        if not (inspect.isroutine(function) and hasattr(function, f"{hookspecs.PROJECT}_impl") and spec):
            continue
        offered = list(inspect.signature(spec).parameters)
        asked = [
            parameter.name
            for parameter in inspect.signature(function).parameters.values()
            if parameter.default is parameter.empty
        ]
        unknown = [argument for argument in asked if argument not in offered]
        if unknown:
            takes = f"takes {', '.join(offered)}, or some of them" if offered else "takes no argument"
            raise PluginError(
                f"plugin {name!r}{shown(file_of(module))}: hook {hook} has a wrong signature: it {takes}; "
                f"found {', '.join(unknown)}"
            )


def entries_of(answer: Any, hook: str) -> dict[str, Any]:
    """What a registration hook returned, as name → target.

    Raises:
        PluginError: no mapping, or a name that cannot be one.
    """
    if not isinstance(answer, Mapping):
        raise PluginError(f"{hook} must return a mapping from name to target, found {answer!r}")
    for name in answer:
        if not isinstance(name, str) or not name or ":" in name:
            raise PluginError(f"{hook}: a name is a string without ':', found {name!r}")
    return dict(answer)
