"""The packages that plugins need by their extras and that are missing."""

from __future__ import annotations

from typing import Any

from nasframe.errors import MissingExtraError
from nasframe.plugins.installed import installed
from nasframe.plugins.registry import PluginRegistry
from nasframe.runtime import require_extra

__all__ = ["missing_extra"]


def missing_extra(registry: PluginRegistry, name: str) -> str:
    """Return what is missing of the extra of plugin `name`; see `PluginManager.missing_extra`."""
    if name not in registry.missing_extras:
        extra = getattr(registry.module(name), "NASFRAME_EXTRA", None)
        registry.missing_extras[name] = _need(registry, name, extra)
    return registry.missing_extras[name]


def _need(registry: PluginRegistry, name: str, extra: Any) -> str:
    if extra is None or extra == "":
        return ""
    if not isinstance(extra, str):
        registry.report(name, f"must name one extra in NASFRAME_EXTRA, a string, found {extra!r}")
        return ""
    points = (point for point in installed() if point.name == name and name not in registry.files)
    distribution = next((point.dist for point in points), None)
    if distribution is None:
        return ""
    try:
        require_extra(f"{distribution.name}[{extra}]", f"plugin {name!r}")
    except MissingExtraError as error:
        return error.need
    except ValueError as error:
        registry.report(name, f"names {extra!r} in NASFRAME_EXTRA, and {error}")
    return ""
